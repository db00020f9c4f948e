import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  beginReplay,
  chainIdOf,
  createSignatureChecker,
  decodeTrusted,
  encode,
  entryCodec,
  eventSignContent,
  eventTbs,
  groupMessage,
  leafHash,
  memberAdded,
  memberRemoved,
  MemoryHistory,
  parseEntries,
  replayEntries,
  replayJobs,
  replayRoot,
  satisfiesEquation,
  signEd25519,
  stateDigest,
  type ChainId,
  type Entry,
  type ReplayCursor,
  type ReplayFault,
  type Result,
} from '../../../core/index.ts';
import { naiveRoot } from '../merkle/naive-tree.ts';
import { groupGenesis, messageBody } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const [alice, bob, mallory] = [actorNamed('alice'), actorNamed('bob'), actorNamed('mallory')];
const checker = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });

let log: LogBuilder;

/** 0 genesis, 1 Bob joins, 2 to 4 messages, 5 Bob leaves. */
function writeLog(): LogBuilder {
  const fresh = new LogBuilder(alice, groupGenesis(), { isSigned: true });
  fresh.append(alice, memberAdded, { actor: bob.key, role: 'member' });
  for (const actor of [bob, alice, bob]) {
    fresh.time += 1000;
    fresh.append(actor, groupMessage, messageBody);
  }
  fresh.append(alice, memberRemoved, { actor: bob.key });
  return fresh;
}

beforeAll(() => {
  log = writeLog();
});

type Replayed = Result<ReplayCursor, ReplayFault>;

function replay(entries: readonly Uint8Array[], chain: ChainId = log.chain, pageSize = 3): Replayed {
  const history = new MemoryHistory();
  let cursor = beginReplay(chain);
  for (let from = 0; from < entries.length; from += pageSize) {
    const batch = parseEntries(entries.slice(from, from + pageSize));
    const next = replayEntries(cursor, batch, checker.check(replayJobs(batch)), history);
    if (!next.ok) return next;
    cursor = next.value;
  }
  return { ok: true, value: cursor };
}

function faultOf(entries: readonly Uint8Array[], pageSize?: number): string {
  const result = replay(entries, log.chain, pageSize);
  if (result.ok) return 'no fault';
  const { code, index, rule } = result.error;
  return rule === undefined ? `${code} at ${index}` : `${code} at ${index}: ${rule}`;
}

/** A copy of the log in which one entry says something else, and all links after it are made to fit. */
function rewrite(at: number, change: (entry: Entry) => Partial<Entry>): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (const [index, bytes] of log.entries.entries()) {
    const entry = decodeTrusted(entryCodec, bytes);
    const last = entries.at(-1);
    const linked = last === undefined ? entry : { ...entry, prev: leafHash(last) };
    entries.push(encode(entryCodec, index === at ? { ...linked, ...change(linked) } : linked));
  }
  return entries;
}

/** A log that goes on with an event that a relay which keeps the rules would have refused. */
function continued(write: (log: LogBuilder) => void): readonly Uint8Array[] {
  const going = writeLog();
  write(going);
  return going.entries;
}

describe('an honest log', () => {
  test('[AU1] replays to the state, head and root that its relay had', () => {
    const result = replay(log.entries);
    if (!result.ok) throw new Error(result.error.code);
    const cursor = result.value;
    expect(cursor.size).toBe(6);
    expect(cursor.head).toEqual(log.leaves[5]!.hash);
    expect(cursor.relayTime).toBe(log.time);
    expect(stateDigest(cursor.state!)).toEqual(stateDigest(log.state));
    expect(replayRoot(cursor)).toEqual(rootOf(log));
  });

  test('[ST4] replays to one digest in pages of any size, and again', () => {
    const digests = [1, 2, 5, 6].map((pageSize) => {
      const result = replay(log.entries, log.chain, pageSize);
      return result.ok && stateDigest(result.value.state!);
    });
    for (const digest of digests) expect(digest).toEqual(stateDigest(log.state));
  });

  test('[AU1] that is empty has no state yet', () => {
    expect(replay([])).toMatchObject({ ok: true, value: { size: 0, state: undefined } });
  });
});

describe('a log that was tampered with', () => {
  test('[AU1] is found with one bit changed anywhere, at that entry or the next', () => {
    const at = fc
      .nat(log.entries.length - 1)
      .chain((index) =>
        fc.record({ index: fc.constant(index), byte: fc.nat(log.entries[index]!.length - 1), bit: fc.nat(7) }),
      );
    fc.assert(
      fc.property(at, ({ index, byte, bit }) => {
        const entries = log.entries.map((bytes) => bytes.slice());
        entries[index]![byte]! ^= 1 << bit;
        const result = replay(entries);
        // No later entry vouches for the time of the last one; only a checkpoint's root does.
        if (result.ok) expect(replayRoot(result.value)).not.toEqual(rootOf(log));
        else expect([index, index + 1]).toContain(result.error.index);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['cut short', 'malformed-entry at 2', (entry: Uint8Array) => entry.subarray(0, -1)],
    ['empty', 'malformed-entry at 2', () => new Uint8Array()],
  ])('[AU2] names an entry that is %s', (_what, fault, change) => {
    expect(faultOf(log.entries.map((bytes, index) => (index === 2 ? change(bytes) : bytes)))).toBe(fault);
  });

  test('[AU2] names an entry whose event does not parse', () => {
    expect(faultOf(rewrite(3, () => ({ event: new Uint8Array(9) })))).toBe('malformed-entry at 3');
  });

  test.each([1, 3, 6])('[AU2] names the first bad entry, in pages of %d, whatever is wrong after it', (pageSize) => {
    const entries = rewrite(1, () => ({ signature: new Uint8Array(64).fill(1) }));
    entries[2] = new Uint8Array(3);
    expect(faultOf(entries, pageSize)).toBe('bad-signature at 1');
  });

  test('[CH8, AU2] that lacks an entry, or has two in the wrong order', () => {
    expect(faultOf(log.entries.filter((_entry, index) => index !== 2))).toBe('wrong-index at 2');
    const [a, b, c, d] = log.entries as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    expect(faultOf([a, b, d, c])).toBe('wrong-index at 2');
    expect(faultOf(log.entries.slice(1))).toBe('wrong-index at 0');
  });

  test('[CH8] has a link that does not fit', () => {
    expect(faultOf(rewrite(3, () => ({ prev: new Uint8Array(32) })))).toBe('broken-link at 3');
    expect(faultOf(rewrite(0, () => ({ prev: new Uint8Array(32).fill(1) })))).toBe('broken-link at 0');
  });

  test('[CH7] has a time that falls', () => {
    expect(faultOf(rewrite(3, ({ relayTime }) => ({ relayTime: relayTime - 1001 })))).toBe('time-fell at 3');
    expect(faultOf(rewrite(5, ({ relayTime }) => ({ relayTime: relayTime - 1 })))).toBe('time-fell at 5');
    expect(log.leaves[5]!.relayTime).toBe(log.leaves[4]!.relayTime);
  });

  test('[AP8] contradicts those who signed what they had seen, though all links fit', () => {
    expect(faultOf(rewrite(3, ({ relayTime }) => ({ relayTime: relayTime - 1 })))).toBe(
      'forbidden-entry at 4: unknown-parent',
    );
  });

  test('[CH3] begins with a genesis that founds nothing', () => {
    const genesis = log.genesisEvent(alice, groupGenesis('plain', { retentionMs: 1 }));
    const tbs = encode(eventTbs, genesis);
    const signature = signEd25519(alice.seed, eventSignContent(tbs));
    const entry = encode(entryCodec, { index: 0, prev: new Uint8Array(32), relayTime: 0, event: tbs, signature });
    expect(replay([entry], chainIdOf({ tbs, signature }))).toMatchObject({
      ok: false,
      error: { code: 'forbidden-entry', index: 0, rule: 'retention-out-of-range' },
    });
  });

  test('[CH2, AP3] is of another chain, by its genesis or by an event', () => {
    const other = new LogBuilder(bob, groupGenesis(), { isSigned: true });
    expect(faultOf(other.entries)).toBe('wrong-chain at 0');
    const foreign = continued((going) => {
      going.force(alice, going.event(alice, groupMessage, messageBody, { chain: other.chain }));
    });
    expect(faultOf(foreign)).toBe('wrong-chain at 6');
  });

  test('[AP4] has an event that its actor did not sign', () => {
    const forged = continued((going) => {
      going.force(mallory, going.event(alice, groupMessage, messageBody));
    });
    expect(faultOf(forged)).toBe('bad-signature at 6');
  });

  test('[AP5] has an event that comes twice', () => {
    const repeated = continued((going) => {
      going.force(alice, decodeTrusted(eventTbs, decodeTrusted(entryCodec, going.entries[3]!).event));
    });
    expect(faultOf(repeated)).toBe('event-id-repeated at 6');
  });

  test.each([
    ['someone who was removed', 'actor-removed', (going: LogBuilder) => going.event(bob, groupMessage, messageBody)],
    ['a stranger', 'not-permitted', (going: LogBuilder) => going.event(mallory, groupMessage, messageBody)],
    [
      'one who had not seen the last change',
      'stale-parent',
      (going: LogBuilder) => going.event(alice, memberAdded, { actor: bob.key, role: 'member' }, { seenIndex: 4 }),
    ],
    [
      'one who had seen another log',
      'unknown-parent',
      (going: LogBuilder) => going.event(alice, groupMessage, messageBody, { seenHash: new Uint8Array(32).fill(1) }),
    ],
    [
      'a second founder',
      'unknown-event-type',
      (going: LogBuilder) => ({
        ...going.event(alice, groupMessage, messageBody),
        type: 1,
        body: going.genesisEvent(alice, groupGenesis()).body,
      }),
    ],
  ])('[AU1] has an event of %s', (_whom, rule, eventOf) => {
    const forbidden = continued((going) => {
      const event = eventOf(going);
      going.force(
        [alice, bob, mallory].find(({ key }) => Buffer.compare(key, event.actor) === 0)!,
        event,
      );
    });
    expect(faultOf(forbidden)).toBe(`forbidden-entry at 6: ${rule}`);
  });

  test('[AU2] leaves what came before the fault standing, and can go on from there', () => {
    const entries = log.entries.map((bytes, index) => (index === 4 ? new Uint8Array(1) : bytes));
    const history = new MemoryHistory();
    const run = (cursor: ReplayCursor, of: readonly Uint8Array[]) => {
      const batch = parseEntries(of);
      return replayEntries(cursor, batch, checker.check(replayJobs(batch)), history);
    };
    const broken = run(beginReplay(log.chain), entries);
    if (broken.ok) throw new Error('the fault was not found');
    expect(broken.error).toMatchObject({ code: 'malformed-entry', index: 4, before: { size: 4 } });
    const healed = run(broken.error.before, log.entries.slice(4));
    expect(healed.ok && stateDigest(healed.value.state!)).toEqual(stateDigest(log.state));
  });
});

test('[AP4] a replay without a verdict for each entry is a mistake of the caller', () => {
  const batch = parseEntries(log.entries);
  expect(() => replayEntries(beginReplay(log.chain), batch, [true], new MemoryHistory())).toThrow('one verdict');
});

function rootOf({ leaves }: LogBuilder): Uint8Array {
  return naiveRoot(leaves.map(({ hash }) => hash));
}
