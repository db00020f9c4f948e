import { equalBytes } from '../bytes/index.ts';
import { openCheckpoint, verifierKeyOf } from '../note/index.ts';
import { err, ok } from '../result.ts';
import { stateDigest } from '../state/index.ts';
import { chainOrigin } from './origin.ts';
import { MemoryHistory } from './memory-history.ts';
import { beginReplay, parseEntries, replayEntries, replayJobs, replayRoot, } from './replay.ts';
/**
 * `audit_state_integrity` (`AU1`–`AU4`): replays a chain from entry 0 with nothing but its bytes. Signatures, links, times
 * and rules of every entry; then the Merkle root against the signed checkpoint; then the claimed state. Needs no network
 * and no trust in whoever kept the log.
 */
export async function auditStateIntegrity(subject, check) {
    const history = new MemoryHistory();
    let cursor = beginReplay(subject.chain);
    for await (const entries of subject.batches) {
        const batch = parseEntries(entries);
        const replayed = replayEntries(cursor, batch, await check(replayJobs(batch)), history);
        if (!replayed.ok)
            return replayed;
        cursor = replayed.value;
    }
    return conclude(cursor, subject, check);
}
async function conclude(cursor, { checkpoint, claimedDigest }, check) {
    const { chain, size, state, relayTime } = cursor;
    if (state === undefined)
        return err({ code: 'empty-log' });
    const { relayName, checkpointKey } = state.value.genesis;
    const origin = chainOrigin(relayName, chain);
    const logKey = verifierKeyOf(origin, 'ed25519', checkpointKey);
    const verify = async (jobs) => [...(await check(jobs))];
    const opened = await openCheckpoint(checkpoint(), { origin, logKey, verify });
    if (!opened.ok)
        return opened;
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
