import { problemOf, type Problem, type ProblemCode } from '../../core/index.ts';
import { countRateLimited } from '../../durable-objects/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { responseHeaders, type HeaderValues } from './response-headers.ts';
import { ACCEPT_SIGNATURE } from './signature-policy.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** Seconds to wait where the refusal itself names no time (`WI5`): how long its cause lasts at the least. */
const RETRY_AFTER_S: Partial<Record<ProblemCode, number>> = {
  unavailable: 1,
  'rate-limited': 60,
  'too-many-in-flight': 1,
  'founding-quota-reached': 3_600,
  'too-many-subscribers': 10,
  'relay-clock-behind': 30,
  'relay-not-configured': 60,
};

/** A refusal as an RFC 9457 problem. Only the refusal's own members cross the wire: never an exception's text. */
export function problemResponse(refusal: RelayRefusal): Response {
  countRateLimited(refusal);
  return documentResponse(problemOf(refusal));
}

/** The refusal of one submission, whose problem the object has written already. */
export function refusedOutcomeResponse(document: string): Response {
  return documentResponse(JSON.parse(document) as Problem);
}

/** What counts and logs may know of a refusal that went out. */
export function refusalOf(response: Response): Pick<Problem, 'code'> | undefined {
  return refusals.get(response);
}

const refusals = new WeakMap<Response, Problem>();

function documentResponse(problem: Problem): Response {
  const { status } = problem;
  const headers = responseHeaders(PROBLEM_TYPE, headersFor(problem));
  const response = new Response(JSON.stringify(problem), { status, headers });
  refusals.set(response, problem);
  return response;
}

/** What RFC 9110 asks of some statuses besides the body. */
function headersFor({ status, code, retryAfterMs }: Problem): HeaderValues {
  switch (status) {
    case 401:
      if (code === 'operator-token-required') return { 'www-authenticate': 'Bearer' };
      return { 'www-authenticate': 'Signature', 'accept-signature': ACCEPT_SIGNATURE };
    case 426:
      return { upgrade: 'websocket' };
    case 429:
    case 503: {
      // A detail in ms, which a problem document shows as a decimal string (`WI3`).
      const seconds = typeof retryAfterMs === 'string' ? Math.ceil(Number(retryAfterMs) / 1000) : RETRY_AFTER_S[code];
      return seconds === undefined ? {} : { 'retry-after': String(seconds) };
    }
    default:
      return {};
  }
}
