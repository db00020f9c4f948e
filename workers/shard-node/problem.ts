import { problemOf } from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { documentResponse } from '../http/problem-document.ts';

/** A refusal as an RFC 9457 problem (`WI4`). */
export function problemResponse(refusal: RelayRefusal): Response {
  return documentResponse(problemOf(refusal));
}
