import type { Problem, ProblemCode } from '../../core/index.ts';
import { responseHeaders, type HeaderValues } from './response-headers.ts';
import { ACCEPT_SIGNATURE } from './signature-policy.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** Seconds to wait where the refusal itself names no time (`WI5`): how long its cause lasts at the least. */
const RETRY_AFTER_S: Partial<Record<ProblemCode, number>> = {
  unavailable: 1,
  'payload-unavailable': 60,
  'rate-limited': 60,
  'too-many-in-flight': 1,
  'founding-quota-reached': 3_600,
  'too-many-subscribers': 10,
  'too-many-transfers': 5,
  'policy-undecided': 1,
  'relay-clock-behind': 30,
  'relay-not-configured': 60,
  'node-not-configured': 60,
};

/** A problem (RFC 9457) as an answer, with the headers that belong to its status. */
export function documentResponse(problem: Problem): Response {
  const { status } = problem;
  const headers = responseHeaders(PROBLEM_TYPE, headersFor(problem));
  return new Response(JSON.stringify(problem), { status, headers });
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
