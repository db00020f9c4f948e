export { admitEvent, admitGenesis, MAX_CLOCK_SKEW_MS, MAX_SEEN_AGE_MS, } from './admission.ts';
export { auditStateIntegrity } from './audit.ts';
export { chainIdOf, parseChainId } from './chain-id.ts';
export { encodeLogCopy, parseLogCopy } from './log-copy.ts';
export { MemoryHistory } from './memory-history.ts';
export { chainOrigin } from './origin.ts';
export { beginReplay, parseEntries, replayEntries, replayJobs, replayRoot, } from './replay.ts';
