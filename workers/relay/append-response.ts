import { appendAnswer, decode, encode } from '../../core/index.ts';
import type { Answer } from '../../relay/index.ts';
import { answerResponse } from './answer-response.ts';
import { APPEND_ANSWER } from './presentations.ts';
import { refusedOutcomeResponse } from './problem.ts';

/** `WI6`: the refusal of a single submission is the refusal of the request. */
export function appendResponse(
  request: Request,
  answer: Answer,
  init?: { readonly status: number; readonly location: string },
): Response {
  const problem = answer.ok && beginsRefused(answer.value) ? soleRefusal(answer.value) : undefined;
  return problem === undefined ? answerResponse(request, answer, APPEND_ANSWER, init) : refusedOutcomeResponse(problem);
}

const REFUSAL_ALONE = encode(appendAnswer, {
  outcomes: [{ kind: 'refused', value: { problem: '' } }],
  checkpoint: '',
});
/** The byte that a refusal begins with: here it follows a length prefix of one byte. */
const [, REFUSED_KIND] = REFUSAL_ALONE;

/**
 * Whether the first outcome is a refusal: the byte after the vector's length prefix, whose own two high bits say how long
 * it is (RFC 9420 §2.1.2). Saves decoding every answer to an append for the sake of the few that are refused.
 */
function beginsRefused(encoded: Uint8Array): boolean {
  const prefixBytes = 1 << ((encoded[0] ?? 0) >> 6);
  return encoded[prefixBytes] === REFUSED_KIND;
}

function soleRefusal(encoded: Uint8Array): string | undefined {
  const decoded = decode(appendAnswer, encoded);
  const [only, ...others] = decoded.ok ? decoded.value.outcomes : [];
  return only?.kind === 'refused' && others.length === 0 ? only.value.problem : undefined;
}
