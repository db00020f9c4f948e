import type { Answer, Caller } from '../../relay/index.ts';
import { answerResponse } from './answer-response.ts';
import type { Presentation } from './presentation.ts';
import { problemResponse } from './problem.ts';
import type { RequestGate, SignedCall } from '../http/request-gate.ts';

/** Asks an object on behalf of a reader, who needs no signature where the chain is public. */
export async function callAsReader(
  gate: RequestGate,
  request: Request,
  presentation: Presentation,
  ask: (caller: Caller | undefined) => Promise<Answer>,
): Promise<Response> {
  const reader = await gate.admitReader(request);
  return reader.ok ? answerResponse(request, await ask(reader.value), presentation) : problemResponse(reader.error);
}

/** Asks an object on behalf of the actor who signed the request. A route without a body has a limit of 0. */
export async function callAsActor(
  gate: RequestGate,
  request: Request,
  limitBytes: number,
  ask: (call: SignedCall) => Promise<Response>,
): Promise<Response> {
  const signed = await gate.admitSigned(request, limitBytes);
  return signed.ok ? ask(signed.value) : problemResponse(signed.error);
}
