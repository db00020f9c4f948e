import {
  beginReplay,
  createSignatureChecker,
  decodeTrusted,
  encode,
  entryCodec,
  eventTbs,
  groupMessage,
  leafHash,
  memberAdded,
  MemoryHistory,
  parseEntries,
  replayEntries,
  replayJobs,
  satisfiesEquation,
  toHex,
  type Entry,
  type Event,
} from '../../core/index.ts';
import type { Actor, LogBuilder } from './log-builder.ts';
import { messageBody } from './sample-bodies.ts';
import { alice, bob, carol, mallory, sampleChains } from './sample-chains.ts';

/** A log that no honest relay wrote, and the first entry that shows it. */
export interface TamperingVector {
  readonly name: string;
  readonly chain: string;
  readonly entries: readonly string[];
  readonly fault: { readonly code: string; readonly index: number; readonly rule?: string };
}

type Tampering = readonly [name: string, change: (log: LogBuilder) => readonly Uint8Array[]];

const tamperings: readonly Tampering[] = [
  ['an entry cut short', replaced(3, (bytes) => bytes.subarray(0, -1))],
  ['an entry with a byte more', replaced(3, (bytes) => Uint8Array.of(...bytes, 0))],
  ['a changed entry that its successor contradicts', replaced(3, (bytes) => withBit(bytes, 47))],
  ['an entry left out', ({ entries }) => entries.filter((_entry, index) => index !== 3)],
  ['two entries in the wrong order', ({ entries }) => [...entries.slice(0, 3), ...entries.slice(3, 5).reverse()]],
  ['a genesis left out', ({ entries }) => entries.slice(1)],
  ['an index that skips one', relinked(4, ({ index }) => ({ index: index + 1 }))],
  ['a link to nothing', relinked(4, () => ({ prev: new Uint8Array(32) }))],
  ['a time that falls', relinked(4, ({ relayTime }) => ({ relayTime: relayTime - 1001 }))],
  ['an earlier time behind links that fit', relinked(3, ({ relayTime }) => ({ relayTime: relayTime - 1 }))],
  ['a signature of zeros', relinked(4, () => ({ signature: new Uint8Array(64) }))],
  ['an event of another actor', continued(mallory, (log) => log.event(alice, groupMessage, messageBody))],
  [
    'an event for another chain',
    continued(alice, (log) => log.event(alice, groupMessage, messageBody, { chain: new Uint8Array(32) })),
  ],
  [
    'an event for no chain',
    continued(alice, (log) => log.event(alice, groupMessage, messageBody, { chain: new Uint8Array() })),
  ],
  ['an event that comes twice', continued(bob, eventAt(3))],
  ['a message by who was removed', continued(carol, (log) => log.event(carol, groupMessage, messageBody))],
  [
    'a member added by a stranger',
    continued(mallory, (log) => log.event(mallory, memberAdded, { actor: mallory.key, role: 'owner' })),
  ],
  [
    'a strict event over another',
    continued(alice, (log) => log.event(alice, memberAdded, { actor: carol.key, role: 'reader' }, { seenIndex: 6 })),
  ],
  ['two faults, of which the first counts', twoFaults],
];

export function tamperingVectors(): readonly TamperingVector[] {
  return tamperings.map(([name, change]) => {
    const log = plainChain();
    const entries = change(log);
    return { name, chain: toHex(log.chain), entries: entries.map(toHex), fault: faultOf(log, entries) };
  });
}

function plainChain(): LogBuilder {
  const write = sampleChains['plain'];
  if (write === undefined) throw new Error('there is no plain sample chain');
  return write();
}

function faultOf({ chain }: LogBuilder, entries: readonly Uint8Array[]): TamperingVector['fault'] {
  const checker = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });
  const batch = parseEntries(entries);
  const replayed = replayEntries(beginReplay(chain), batch, checker.check(replayJobs(batch)), new MemoryHistory());
  if (replayed.ok) throw new Error('a tampered log replays');
  const { code, index, rule } = replayed.error;
  return rule === undefined ? { code, index } : { code, index, rule };
}

function replaced(at: number, change: (bytes: Uint8Array) => Uint8Array): Tampering[1] {
  return ({ entries }) => entries.map((bytes, index) => (index === at ? change(bytes) : bytes));
}

/** Changes one entry and makes every link after it fit. */
function relinked(at: number, change: (entry: Entry) => Partial<Entry>): Tampering[1] {
  return (log) => {
    const entries: Uint8Array[] = [];
    for (const [index, bytes] of log.entries.entries()) {
      const last = entries.at(-1);
      const entry = decodeTrusted(entryCodec, bytes);
      const linked = last === undefined ? entry : { ...entry, prev: leafHash(last) };
      entries.push(encode(entryCodec, index === at ? { ...linked, ...change(linked) } : linked));
    }
    return entries;
  };
}

/** Adds one event that a relay which keeps the rules refuses. */
function continued(signer: Actor, eventOf: (log: LogBuilder) => Event): Tampering[1] {
  return (log) => {
    log.force(signer, eventOf(log));
    return log.entries;
  };
}

function eventAt(index: number): (log: LogBuilder) => Event {
  return ({ entries }) => decodeTrusted(eventTbs, decodeTrusted(entryCodec, entries[index] as Uint8Array).event);
}

/** A signature that is not the actor's, and right after it bytes that are no entry. */
function twoFaults({ entries }: LogBuilder): readonly Uint8Array[] {
  const changed = new Map([
    [2, (bytes: Uint8Array) => withBit(bytes, bytes.length - 1)],
    [3, (bytes: Uint8Array) => bytes.subarray(1)],
  ]);
  return entries.map((bytes, index) => changed.get(index)?.(bytes) ?? bytes);
}

function withBit(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}
