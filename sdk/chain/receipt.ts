import { isProblemCode, type AppendAnswer } from '../../core/index.ts';
import { RelayProblem, UntrustedError } from '../errors.ts';

/** What the relay added to an event; with the event it is the entry again. */
export interface Receipt {
  readonly index: number;
  readonly relayTime: number;
  readonly prev: Uint8Array;
}

/** The receipt of a single submission. Throws what it was refused for. */
export function receiptOf({ outcomes }: AppendAnswer): Receipt {
  const [outcome] = outcomes;
  if (outcome === undefined || outcomes.length !== 1) {
    throw new UntrustedError('malformed-answer', `${outcomes.length} outcomes for one submission`);
  }
  if (outcome.kind === 'accepted') return outcome.value;
  throw refusalOf(outcome.value.problem);
}

/** A problem document as an error. */
export function refusalOf(problem: string): Error {
  const parsed: unknown = parseJson(problem);
  if (typeof parsed === 'object' && parsed !== null && 'code' in parsed && isProblemCode(parsed.code)) {
    return new RelayProblem(parsed.code, { ...parsed });
  }
  return new UntrustedError('malformed-answer', 'a refusal without a reason that is known');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
