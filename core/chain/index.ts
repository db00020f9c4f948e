export {
  admitEvent,
  admitGenesis,
  MAX_CLOCK_SKEW_MS,
  MAX_SEEN_AGE_MS,
  type Admission,
  type AdmissionRefusal,
  type AdmissionTerms,
  type ChainView,
  type LoggedLeaf,
} from './admission.ts';
export { auditStateIntegrity, type AuditFault, type AuditReport, type AuditSubject, type CheckJobs } from './audit.ts';
export { chainIdOf, parseChainId } from './chain-id.ts';
export { encodeLogCopy, parseLogCopy, type LogCopy } from './log-copy.ts';
export { MemoryHistory } from './memory-history.ts';
export { nextImport, type ImportedLog } from './next-import.ts';
export { chainOrigin } from './origin.ts';
export { decideRun, type TimedEvent } from './policy-run.ts';
export { replayWithPolicies, type ReplayTerms } from './replay-policies.ts';
export {
  beginReplay,
  parseEntries,
  replayEntries,
  replayJobs,
  replayRoot,
  type ReplayBatch,
  type ReplayCursor,
  type ReplayFault,
  type ReplayHistory,
  type ReplayStep,
} from './replay.ts';
