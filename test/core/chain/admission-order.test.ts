import { describe, expect, test } from 'vitest';
import {
  admitEvent,
  admitGenesis,
  defineEvent,
  groupMessage,
  memberAdded,
  memberRemoved,
  uint8,
  type Event,
  type Genesis,
} from '../../../core/index.ts';
import { groupGenesis, identityGenesis, messageBody } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const [alice, bob, stranger] = [actorNamed('alice'), actorNamed('bob'), actorNamed('stranger')];

/** A strict event that fits a group of Alice and Bob but for the faults that it is given. */
function faulty(log: LogBuilder, faults: readonly Fault[]): Event {
  const has = (fault: Fault) => faults.includes(fault);
  const body = has('rule') ? { actor: stranger.key } : { actor: bob.key };
  const event = log.event(has('permission') ? stranger : alice, memberRemoved, body, {
    ...(has('clock') && { actorTime: 0 }),
    ...(has('parent') && { seenIndex: 0 }),
  });
  return { ...event, ...(has('body') && { body: new Uint8Array(5) }), ...(has('type') && { type: 0x02ff }) };
}

const CODE_OF = {
  type: 'unknown-event-type',
  body: 'malformed',
  permission: 'not-permitted',
  clock: 'clock-skew',
  parent: 'stale-parent',
  rule: 'no-such-member',
} as const;
type Fault = keyof typeof CODE_OF;
const ORDER = Object.keys(CODE_OF) as Fault[];

function group(): LogBuilder {
  const log = new LogBuilder(alice);
  log.append(alice, memberAdded, { actor: bob.key, role: 'member' });
  return log;
}

describe('an event with several faults', () => {
  // Each subset of the faults but the empty one.
  const subsets = Array.from({ length: 2 ** ORDER.length - 1 }, (_, bits) =>
    ORDER.filter((_fault, i) => ((bits + 1) >> i) % 2 === 1),
  );

  test.each(subsets.map((faults) => ({ faults, first: faults[0]! })))(
    '[AP9] is told the first of them: $faults',
    ({ faults, first }) => {
      const log = group();
      expect(log.refusalOf(faulty(log, faults))?.code).toBe(CODE_OF[first]);
    },
  );

  test('[AP9] with none of them is admitted', () => {
    const log = group();
    expect(log.refusalOf(faulty(log, []))).toBeUndefined();
  });
});

describe('a stranger', () => {
  const types = [memberAdded.type, groupMessage.type, 0x0001, 0x8000, 0xc000];
  const bodyOf = (log: LogBuilder, type: number) => {
    if (type === memberAdded.type) return memberAdded.encodeBody({ actor: bob.key, role: 'member' });
    if (type === groupMessage.type) return groupMessage.encodeBody(messageBody);
    return type === 1 ? log.genesisEvent(alice, groupGenesis()).body : new Uint8Array();
  };
  const chains: readonly Genesis[] = [groupGenesis('plain'), groupGenesis('mls'), identityGenesis()];

  test.each(types)('[AP9] learns nothing of a chain from an event of type %i', (type) => {
    for (const genesis of chains) {
      const log = new LogBuilder(alice, genesis);
      const wrong = log.rawEvent(stranger, type, bodyOf(log, type), { actorTime: 0, seenIndex: 9 });
      expect(log.refusalOf(wrong), genesis.parameters.kind).toEqual({ code: 'not-permitted' });
    }
  });

  test('[AP9] gets the same answer for bytes that parse nowhere, whatever the chain', () => {
    for (const genesis of chains) {
      const log = new LogBuilder(alice, genesis);
      expect(log.refusalOf(log.rawEvent(stranger, memberAdded.type, new Uint8Array(2)))).toEqual({
        code: 'malformed',
        reason: 'truncated',
        offset: 2,
      });
      expect(log.refusalOf(log.rawEvent(stranger, 0x0300, new Uint8Array()))?.code).toBe('unknown-event-type');
    }
  });
});

describe('the clock', () => {
  const log = new LogBuilder(alice);
  const note = defineEvent({ type: 0x8000, name: 'app.noted', body: uint8 });
  const at = (offsetMs: number) => log.event(alice, note, 1, { actorTime: log.time + offsetMs });

  test.each([0, 300_000, -300_000])('[AP6] of an actor may be %d ms off', (offsetMs) => {
    expect(log.refusalOf(at(offsetMs))).toBeUndefined();
  });

  test.each([300_001, -300_001, 10 ** 15])(
    '[AP6] of an actor may not be %d ms off, and the relay says its own',
    (offsetMs) => {
      expect(log.refusalOf(at(offsetMs))).toEqual({ code: 'clock-skew', relayTime: log.time });
    },
  );

  test('[AU3] is not asked again by those who replay: they can not know what it said', () => {
    const event = at(10 ** 12);
    expect(admitEvent(log.view, event, log.time, { clock: log.time }).ok).toBe(false);
    expect(admitEvent(log.view, event, log.time).ok).toBe(true);
    const genesis = { ...log.genesisEvent(alice, groupGenesis()), actorTime: 0 };
    expect([admitGenesis(genesis, log.time).ok, admitGenesis(genesis).ok]).toEqual([false, true]);
  });
});

describe('a genesis with several faults', () => {
  const base = new LogBuilder(alice);
  const faultsOf: readonly (readonly [string, Partial<Event> | { readonly genesis: Partial<Genesis> }])[] = [
    ['wrong-chain', { chain: base.chain }],
    ['unknown-event-type', { type: 0x0204 }],
    ['malformed', { body: new Uint8Array(3) }],
    ['clock-skew', { actorTime: 1 }],
    ['unknown-parent', { seenIndex: 1 }],
    ['retention-out-of-range', { genesis: { retentionMs: 1 } }],
    ['invalid-relay-name', { genesis: { relayName: '' } }],
    ['invalid-successor-rule', { genesis: { successor: { actors: [], threshold: 1 } } }],
  ];

  test.each(faultsOf.map(([code], from) => ({ code, from })))(
    '[AP9] is told $code before what comes later',
    ({ code, from }) => {
      const later = faultsOf.slice(from).map(([, fault]) => fault);
      const genesis = Object.assign(
        {},
        ...later.map((fault) => ('genesis' in fault ? fault.genesis : {})),
      ) as Partial<Genesis>;
      const event = base.genesisEvent(alice, groupGenesis('plain', genesis));
      // A body that does not parse stands in for the one with a bad value, which comes later.
      const fields = Object.assign({}, ...later.map((fault) => ('genesis' in fault ? {} : fault))) as Partial<Event>;
      const result = admitGenesis({ ...event, ...fields }, base.time);
      expect(result.ok ? undefined : result.error.code).toBe(code);
    },
  );

  test('[CH1] names zeros as seen', () => {
    const event = base.genesisEvent(alice, groupGenesis());
    expect(admitGenesis(event, base.time).ok).toBe(true);
    const seenHash = new Uint8Array(32);
    seenHash[31] = 1;
    expect(admitGenesis({ ...event, seenHash }, base.time)).toMatchObject({ error: { code: 'unknown-parent' } });
  });
});
