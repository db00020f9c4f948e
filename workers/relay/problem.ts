import { problemOf, type Problem } from '../../core/index.ts';
import { countRateLimited } from '../../durable-objects/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { documentResponse } from '../http/problem-document.ts';

/** A refusal as an RFC 9457 problem. Only the refusal's own members cross the wire: never an exception's text. */
export function problemResponse(refusal: RelayRefusal): Response {
  countRateLimited(refusal);
  return noted(problemOf(refusal));
}

/** The refusal of one submission, whose problem the object has written already. */
export function refusedOutcomeResponse(document: string): Response {
  return noted(JSON.parse(document) as Problem);
}

/** What counts and logs may know of a refusal that went out. */
export function refusalOf(response: Response): Pick<Problem, 'code'> | undefined {
  return refusals.get(response);
}

const refusals = new WeakMap<Response, Problem>();

function noted(problem: Problem): Response {
  const response = documentResponse(problem);
  refusals.set(response, problem);
  return response;
}
