import { equalBytes } from '../bytes/index.ts';
import type { VerifyJob } from '../crypto/index.ts';
import type { ChainId } from '../event/index.ts';
import { openCheckpoint, verifierKeyOf, type OpenCheckpointRefusal } from '../note/index.ts';
import type { PolicyExecutor } from '../policy/policy-executor.ts';
import { err, ok, type Result } from '../result.ts';
import { stateDigest, type ChainState } from '../state/index.ts';
import { chainOrigin } from './origin.ts';
import { MemoryHistory } from './memory-history.ts';
import { beginReplay, parseEntries, replayJobs, replayRoot, type ReplayCursor, type ReplayFault } from './replay.ts';
import { replayWithPolicies } from './replay-policies.ts';

/** What an audit is given. Nothing of it is trusted: the chain id commits to the genesis, and that pins the relay's key. */
export interface AuditSubject {
  readonly chain: ChainId;
  /** All entries from 0 on, in order, in batches of any size. */
  readonly batches: AsyncIterable<readonly Uint8Array[]> | Iterable<readonly Uint8Array[]>;
  /** Signed checkpoint over exactly these entries; read after the last batch. */
  readonly checkpoint: () => string;
  /** The state digest that somebody claims, such as the relay's snapshot. */
  readonly claimedDigest?: Uint8Array;
  /** Runs the chain's policies again. Without it, an audit ends with `policies-not-run` where the first of them decided. */
  readonly executor?: PolicyExecutor | undefined;
}

/** A signature checker's `check`, synchronous or not. */
export type CheckJobs = (jobs: readonly VerifyJob[]) => readonly boolean[] | Promise<readonly boolean[]>;

/** What holds of a chain whose audit found nothing. */
export interface AuditReport {
  readonly chain: ChainId;
  readonly size: number;
  /** Merkle root over all entries, the checkpoint's. */
  readonly root: Uint8Array;
  readonly state: ChainState;
  readonly stateDigest: Uint8Array;
  /** relay_time of the newest entry. */
  readonly relayTime: number;
}

/** The first thing that is wrong. */
export type AuditFault =
  | ReplayFault
  | { readonly code: 'empty-log' }
  | OpenCheckpointRefusal
  | { readonly code: 'root-mismatch'; readonly checkpointSize: number; readonly logSize: number }
  | { readonly code: 'state-mismatch'; readonly index: number };

/**
 * `audit_state_integrity` (`AU1`–`AU4`): replays a chain from entry 0 with nothing but its bytes. Signatures, links, times
 * and rules of every entry, the verdicts of the chain's policies; then the Merkle root against the signed checkpoint; then the claimed state. Needs no network
 * and no trust in whoever kept the log.
 */
export async function auditStateIntegrity(
  subject: AuditSubject,
  check: CheckJobs,
): Promise<Result<AuditReport, AuditFault>> {
  const history = new MemoryHistory();
  let cursor = beginReplay(subject.chain);
  for await (const entries of subject.batches) {
    const batch = parseEntries(entries);
    const signatures = await check(replayJobs(batch));
    const replayed = await replayWithPolicies(cursor, batch, { signatures, history, executor: subject.executor });
    if (!replayed.ok) return replayed;
    cursor = replayed.value;
  }
  return conclude(cursor, subject, check);
}

async function conclude(
  cursor: ReplayCursor,
  { checkpoint, claimedDigest }: AuditSubject,
  check: CheckJobs,
): Promise<Result<AuditReport, AuditFault>> {
  const { chain, size, state, relayTime } = cursor;
  if (state === undefined) return err({ code: 'empty-log' });
  const { relayName, checkpointKey } = state.value.genesis;
  const origin = chainOrigin(relayName, chain);
  const logKey = verifierKeyOf(origin, 'ed25519', checkpointKey);
  const verify = async (jobs: readonly VerifyJob[]) => [...(await check(jobs))];
  const opened = await openCheckpoint(checkpoint(), { origin, logKey, verify });
  if (!opened.ok) return opened;
  const root = replayRoot(cursor);
  const signed = opened.value.checkpoint;
  if (signed.size !== size || !equalBytes(signed.root, root)) {
    return err({ code: 'root-mismatch', checkpointSize: signed.size, logSize: size });
  }
  const digest = stateDigest(state);
  if (claimedDigest !== undefined && !equalBytes(claimedDigest, digest)) {
    return err({ code: 'state-mismatch', index: size - 1 });
  }
  return ok({ chain, size, root, state, stateDigest: digest, relayTime });
}
