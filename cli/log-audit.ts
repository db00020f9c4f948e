import { readFile } from 'node:fs/promises';
import {
  auditStateIntegrity,
  createSignatureChecker,
  fromBase64Url,
  parseChainId,
  parseLogCopy,
  toBase64Url,
  useSha256,
  useVerifyBatch,
  type AuditFault,
  type AuditReport,
  type AuditSubject,
  type LogCopy,
  type Result,
} from '../core/index.ts';
import { nodeSha256, nodeVerifyBatch } from '../sdk/node/index.ts';
import { Failure } from './failure.ts';

/** Entries verified between two lines of progress. */
export const AUDIT_BATCH = 1_024;

/** A log that was saved with `audit --save`; nothing of it is verified. */
export async function readLogCopy(path: string): Promise<LogCopy> {
  const copy = parseLogCopy(new Uint8Array(await readFile(path)));
  if (copy.ok) return copy.value;
  throw new Failure(
    'unverified',
    'malformed-log',
    `${path} is no saved log: ${copy.error.reason} at byte ${copy.error.offset}.`,
  );
}

/** What an audit of a saved log is asked about. */
export function subjectOf({
  chain,
  entries,
  checkpoint,
}: LogCopy): AuditSubject & { batches: Iterable<readonly Uint8Array[]> } {
  return { chain: auditedChain(toBase64Url(chain)), batches: inBatches(entries), checkpoint: () => checkpoint };
}

/** Verifies a whole log, or says what is wrong with it. */
export async function verifyLog(subject: AuditSubject): Promise<AuditReport> {
  useSha256(nodeSha256);
  useVerifyBatch(nodeVerifyBatch);
  const checker = createSignatureChecker({ verifyBatch: nodeVerifyBatch });
  const result: Result<AuditReport, AuditFault> = await auditStateIntegrity(subject, (jobs) => checker.check(jobs));
  if (!result.ok) throw faultFailure(result.error);
  return result.value;
}

/** Whose log it is. */
export function auditedChain(id: string): AuditSubject['chain'] {
  const chain = parseChainId(fromBase64Url(id));
  if (chain === undefined) throw new Failure('usage', 'invalid-chain', `'${id}' is no chain id.`);
  return chain;
}

function* inBatches(entries: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  for (let from = 0; from < entries.length; from += AUDIT_BATCH) yield entries.slice(from, from + AUDIT_BATCH);
}

/** What is wrong, and where. */
export function faultFailure(fault: AuditFault): Failure {
  const place = 'index' in fault ? `entry ${fault.index}: ` : '';
  const rule = 'rule' in fault ? ` (${fault.rule})` : '';
  return new Failure('unverified', fault.code, `${place}${fault.code}${rule}. ${explain(fault)}`, KEEP);
}

const KEEP = 'Keep this copy: with a checkpoint that somebody else holds, it is evidence.';

function explain(fault: AuditFault): string {
  switch (fault.code) {
    case 'malformed-entry':
      return 'Its bytes are no entry.';
    case 'wrong-index':
      return 'It is not the entry that belongs here.';
    case 'broken-link':
      return 'It does not follow the one before: one of the two was changed.';
    case 'time-fell':
      return 'It is dated before the one before it.';
    case 'wrong-chain':
      return 'It was signed for another chain.';
    case 'bad-signature':
      return 'Its actor did not sign these bytes.';
    case 'event-id-repeated':
      return 'Its event was sequenced before.';
    case 'forbidden-entry':
      return 'The relay took what the rules forbid.';
    case 'policies-not-run':
      return 'A policy decided it, and was not run: say with --modules where its module is.';
    case 'empty-log':
      return 'There is no entry to audit.';
    case 'root-mismatch':
      return `The signed checkpoint over ${fault.checkpointSize} entries is not of these ${fault.logSize}: one was changed, added or left out.`;
    case 'state-mismatch':
      return 'The state that the relay claims is not what its log gives.';
    default:
      return 'The checkpoint is not one that this relay signed for this chain.';
  }
}
