import {
  checkStatement,
  currentRoot,
  judgeStatement,
  toBase64Url,
  type AdminStatement,
  type JudgedRefusal,
  type KnownRegistry,
} from '../../core/index.ts';
import { Failure } from '../failure.ts';
import { refusalFailure } from './refusal-text.ts';
import type { StatementFile } from './envelope-file.ts';

/** What a signer holds a statement against. */
export interface Expectation {
  /** The registry's log, where it is at hand. */
  readonly registry: KnownRegistry | undefined;
  /** The registry that they are an admin of, base64url. */
  readonly id: string | undefined;
  readonly now: number;
}

/** Throws for a statement that would never be taken: nobody should sign it. Too few signatures are no fault yet. */
export function reviewStatement({ envelope, statement }: StatementFile, { registry, id, now }: Expectation): void {
  const named = toBase64Url(statement.value.registry);
  const expected = id ?? (registry && toBase64Url(registry.chain));
  if (expected !== undefined && named !== expected) {
    const message = `This is for another registry: ${named}.`;
    throw new Failure('failed', 'wrong-registry', message, `Yours is ${expected}.`);
  }
  const refusal = registry === undefined ? checkStatement(statement) : refusalOf({ envelope, registry, now });
  if (refusal === undefined || refusal.code === 'threshold-not-met') return;
  if (registry !== undefined && isYounger(statement, registry)) {
    const message = 'This was made by admins whom the log of the registry does not know yet: the log is older.';
    throw new Failure('failed', refusal.code, message, `Save it anew: terachat audit ${named} --save FILE`);
  }
  throw refusalFailure(refusal);
}

/** Whether a statement counts on a root that comes after all that are known. */
function isYounger({ kind, value }: AdminStatement, { state }: KnownRegistry): boolean {
  const epoch = kind === 'rotation' ? value.root.epoch - 1 : value.adminEpoch;
  return epoch > currentRoot(state).epoch;
}

function refusalOf({
  envelope,
  registry,
  now,
}: Pick<StatementFile, 'envelope'> & Required<Pick<Expectation, 'now'>> & { readonly registry: KnownRegistry }):
  JudgedRefusal | undefined {
  const judged = judgeStatement(envelope, registry, now);
  return judged.ok ? undefined : judged.error;
}
