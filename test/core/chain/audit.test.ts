import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  appendLeaf,
  auditStateIntegrity,
  chainOrigin,
  createSignatureChecker,
  EMPTY_RANGE,
  encodeLogCopy,
  formatCheckpoint,
  groupMessage,
  leafHash,
  memberAdded,
  parseLogCopy,
  publicKeyOf,
  rootOf,
  satisfiesEquation,
  sha256,
  signEd25519,
  signNote,
  stateDigest,
  utf8ToBytes,
  verifierKeyOf,
  type AuditSubject,
} from '../../../core/index.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import { groupGenesis, messageBody } from '../../../scripts/vectors/sample-bodies.ts';

const alice = actorNamed('alice');
const relaySeed = sha256(utf8ToBytes('relay'));
const relayKey = publicKeyOf(relaySeed);
const checker = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });

let log: LogBuilder;

beforeAll(() => {
  log = new LogBuilder(alice, { ...groupGenesis(), checkpointKey: relayKey }, { isSigned: true });
  log.append(alice, memberAdded, { actor: actorNamed('bob').key, role: 'member' });
  for (let i = 0; i < 6; i++) log.append(alice, groupMessage, messageBody);
});

function checkpointOver(entries: readonly Uint8Array[], seed = relaySeed, size = entries.length): string {
  const range = entries.reduce((tree, entry) => appendLeaf(tree, leafHash(entry)).range, EMPTY_RANGE);
  const origin = chainOrigin('relay.example', log.chain);
  const key = verifierKeyOf(origin, 'ed25519', publicKeyOf(seed));
  const text = formatCheckpoint({ origin, size, root: rootOf(range), extensions: [] });
  return signNote(text, { key, sign: (message) => signEd25519(seed, message) });
}

function audit(entries: readonly Uint8Array[], overrides: Partial<AuditSubject> = {}) {
  const checkpoint = checkpointOver(log.entries);
  const subject = { chain: log.chain, batches: [entries], checkpoint: () => checkpoint, ...overrides };
  return auditStateIntegrity(subject, (jobs) => checker.check(jobs));
}

function codeOf(result: Awaited<ReturnType<typeof audit>>): string {
  return result.ok ? 'ok' : result.error.code;
}

describe('auditStateIntegrity', () => {
  test('[AU1] accepts an honest log in batches of any size and gives its state', async () => {
    const inTwos = [0, 2, 4, 6].map((from) => log.entries.slice(from, from + 2));
    const result = await audit([], { batches: inTwos, claimedDigest: stateDigest(log.state) });
    expect(result).toMatchObject({ ok: true, value: { size: 8, stateDigest: stateDigest(log.state) } });
  });

  test('[AU1] finds any one changed byte, and names an entry no further than the one after it', async () => {
    const place = fc.tuple(fc.nat(log.size - 1), fc.nat(), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(place, async ([index, offset, mask]) => {
        const entries = log.entries.map((entry) => entry.slice());
        const entry = entries[index] as Uint8Array;
        entry[offset % entry.length] = (entry[offset % entry.length] as number) ^ mask;
        const result = await audit(entries);
        expect(result.ok).toBe(false);
        if (result.ok) return;
        if ('index' in result.error) expect([index, index + 1]).toContain(result.error.index);
        else expect(index).toBe(log.size - 1);
      }),
      { numRuns: 30 },
    );
  });

  test('[AU4] refuses a checkpoint of another log, another key, another size or another root', async () => {
    const forged = checkpointOver(log.entries, sha256(utf8ToBytes('another relay')));
    expect(codeOf(await audit(log.entries, { checkpoint: () => forged }))).toBe('note-unsigned');
    const shorter = checkpointOver(log.entries.slice(0, 4));
    expect(await audit(log.entries, { checkpoint: () => shorter })).toMatchObject({
      error: { code: 'root-mismatch', checkpointSize: 4, logSize: 8 },
    });
    expect(codeOf(await audit(log.entries.slice(0, 7)))).toBe('root-mismatch');
    const misstated = checkpointOver(log.entries, relaySeed, 9);
    expect(await audit(log.entries, { checkpoint: () => misstated })).toMatchObject({
      error: { code: 'root-mismatch', checkpointSize: 9, logSize: 8 },
    });
    const other = checkpointOver(log.entries.with(7, log.entries[0]!));
    expect(await audit(log.entries, { checkpoint: () => other })).toMatchObject({
      error: { code: 'root-mismatch', checkpointSize: 8 },
    });
    expect(codeOf(await audit([]))).toBe('empty-log');
  });

  test('[AU4] refuses a claimed state that replay does not give', async () => {
    expect(await audit(log.entries, { claimedDigest: sha256(utf8ToBytes('a better state')) })).toMatchObject({
      error: { code: 'state-mismatch', index: 7 },
    });
  });

  test('[AU5] a log copy gives back what went in and refuses anything else', () => {
    const copy = { chain: log.chain, checkpoint: checkpointOver(log.entries), entries: log.entries };
    const bytes = encodeLogCopy(copy);
    const parsed = parseLogCopy(bytes);
    expect(parsed.ok && parsed.value.entries).toEqual(log.entries);
    expect(parseLogCopy(bytes.subarray(0, -1)).ok).toBe(false);
    expect(parseLogCopy(Uint8Array.of(...bytes, 0)).ok).toBe(false);
  });

  test('[AU5] a log copy brings the modules of policies, each once, in one order', () => {
    const copy = { chain: log.chain, checkpoint: checkpointOver(log.entries), entries: log.entries };
    const [one, other] = [Uint8Array.of(0, 1, 2), Uint8Array.of(0, 1)];
    const bytes = encodeLogCopy({ ...copy, modules: [one, other] });
    const parsed = parseLogCopy(bytes);
    expect(parsed.ok && parsed.value).toEqual({ ...copy, modules: [other, one] });
    expect(encodeLogCopy({ ...copy, modules: [other, one] })).toEqual(bytes);
    expect(() => encodeLogCopy({ ...copy, modules: [one, one] })).toThrow(RangeError);
    // Without any it is the same copy as ever, and has no second encoding.
    expect(encodeLogCopy({ ...copy, modules: [] })).toEqual(encodeLogCopy(copy));
    expect(parseLogCopy(encodeLogCopy(copy))).toEqual({ ok: true, value: { ...copy, modules: [] } });
    const second = Uint8Array.of(0, 2, ...encodeLogCopy(copy).subarray(2), 0);
    expect(parseLogCopy(second)).toMatchObject({ ok: false, error: { reason: 'unknown-version' } });
  });
});
