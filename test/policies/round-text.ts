import { toBase64, type PolicyOutcome } from '../../core/index.ts';

/** A round as JSON: bytes are in base64. */
export interface RoundText {
  readonly module: string;
  readonly batches: readonly { readonly state: string; readonly events: readonly string[]; readonly fuel: number }[];
}

/** What a test asks of the worker with isolates. */
export interface IsolateQuestion extends Omit<RoundText, 'module'> {
  readonly hash: string;
  /** Without it the isolate has to be there already. */
  readonly module?: string;
}

/** An outcome as JSON. */
export function jsonOf(outcome: PolicyOutcome): unknown {
  return outcome.kind === 'accepted' ? { ...outcome, state: toBase64(outcome.state) } : outcome;
}
