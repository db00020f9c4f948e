import { isProblemCode, type AppendAnswer } from '../../core/index.ts';
import { RelayProblem, UntrustedError } from '../errors.ts';

/** What the relay added to an event; with the event it is the entry again. */
export interface Receipt {
  readonly index: number;
  readonly relayTime: number;
  readonly prev: Uint8Array;
}

/** One receipt or refusal a submission, in their order. */
export function receiptsOf({ outcomes }: AppendAnswer, count: number): readonly (Receipt | RelayProblem)[] {
  if (outcomes.length !== count) {
    throw new UntrustedError('malformed-answer', `${outcomes.length} outcomes for ${count} submissions`);
  }
  return outcomes.map((outcome) => (outcome.kind === 'accepted' ? outcome.value : refusalOf(outcome.value.problem)));
}

/** A problem document as an error. Throws where it gives no reason that is known. */
export function refusalOf(problem: string): RelayProblem {
  const parsed: unknown = parseJson(problem);
  if (typeof parsed === 'object' && parsed !== null && 'code' in parsed && isProblemCode(parsed.code)) {
    return new RelayProblem(parsed.code, { ...parsed });
  }
  throw new UntrustedError('malformed-answer', 'a refusal without a reason that is known');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
