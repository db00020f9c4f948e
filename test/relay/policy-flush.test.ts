import { describe, expect, test } from 'vitest';
import {
  appendLeaf,
  concatBytes,
  decideRun,
  EMPTY_RANGE,
  encode,
  equalBytes,
  eventTbs,
  groupMessage,
  keepVerified,
  memberAdded,
  nodeReaderOfRows,
  parseSignedEvent,
  policyBound,
  type Event,
  type VerifiedEvent,
} from '../../core/index.ts';
import {
  FlushDraft,
  newPolicyState,
  PolicyStateLost,
  recallPolicyState,
  restoreHead,
  snapshotOf,
  type Candidate,
  type ChainHead,
  type Decision,
  type Flush,
  type KeptPolicyState,
  type StoredLog,
} from '../../relay/index.ts';
import { actorNamed, type LogBuilder } from '../../scripts/vectors/log-builder.ts';
import { TestPolicyGroup, TestRegistry } from '../support/policy-log.ts';
import { tallyOf } from '../support/tally-policy.ts';

const owner = actorNamed('owner');

/** A group with a tally in force: each record that is not rejected puts its byte at the end of the state. */
function tallyGroup(guards: readonly number[] = []): TestPolicyGroup {
  const group = new TestPolicyGroup(owner, new TestRegistry());
  const module = group.registry.publish(tallyOf(1));
  group.sync();
  group.bind(module, guards);
  return group;
}

function rowsOf({ leaves }: LogBuilder): { readonly range: ChainHead['range']; readonly rows: readonly Uint8Array[] } {
  let range = EMPTY_RANGE;
  const rows = leaves.map(({ hash }) => {
    const next = appendLeaf(range, hash);
    range = next.range;
    return concatBytes(...next.completed);
  });
  return { range, rows };
}

function headOf(log: LogBuilder): ChainHead {
  const { chain, size, state, time: relayTime } = log;
  return { chain, size, leaf: log.leaves.at(-1)!.hash, relayTime, range: rowsOf(log).range, state };
}

function storedOf(log: LogBuilder): StoredLog {
  const { rows } = rowsOf(log);
  return { size: log.size, entryAt: (index) => log.entries[index]!, node: nodeReaderOfRows((row) => rows[row]) };
}

function candidateOf(event: Event): Candidate {
  const signed = parseSignedEvent(encode(eventTbs, event), new Uint8Array(64));
  if (!signed.ok) throw new Error(signed.error.code);
  const [verified] = keepVerified([signed.value], [true]);
  return { signed: verified as VerifiedEvent, payload: undefined };
}

function draftOf(group: TestPolicyGroup, events: readonly Event[]): FlushDraft {
  const { log } = group;
  const reader = { leafAt: (index: number) => log.leaves[index], findEvents: () => [] };
  return new FlushDraft(headOf(log), events.map(candidateOf), { log: reader, clock: log.time });
}

/** What a chain's object does. */
async function decide(group: TestPolicyGroup, events: readonly Event[]): Promise<Flush> {
  const draft = draftOf(group, events);
  for (let question = draft.question; question !== undefined; question = draft.question) {
    draft.answer(await decideRun(question.state, question.events, group.registry.executor));
  }
  return draft.finish();
}

const codeOf = (decision: Decision): string => (decision.kind === 'refused' ? decision.refusal.code : decision.kind);
const stateOf = ({ state }: ChainHead): readonly number[] | undefined =>
  state.kind === 'group' && state.value.policy !== undefined ? [...state.value.policy.state] : undefined;

describe('[PX9] A flush with a policy', () => {
  test('asks about what comes one after the other in one call, and each finds what the one before left', async () => {
    const group = tallyGroup();
    const events = [1, 0, 2, 255, 3].map((byte) => group.recordEvent(owner, byte));
    const flush = await decide(group, events);
    expect(flush.decisions.map(codeOf)).toEqual([
      ...['accepted', 'policy-rejected', 'accepted'],
      ...['policy-stopped', 'accepted'],
    ]);
    expect(stateOf(flush.head)).toEqual([1, 2, 3]);
    expect(group.registry.executor.calls).toEqual([5]);
  });

  test('asks about 64 at a time', async () => {
    const group = tallyGroup();
    const bytes = Array.from({ length: 150 }, (_, i) => 1 + (i % 200));
    const flush = await decide(
      group,
      bytes.map((byte) => group.recordEvent(owner, byte)),
    );
    expect(stateOf(flush.head)).toEqual(bytes);
    expect(group.registry.executor.calls).toEqual([64, 64, 22]);
  });

  test('does not ask about what is refused anyway, or is no matter of the policy', async () => {
    const group = tallyGroup();
    const stranger = group.recordEvent(actorNamed('stranger'), 9);
    const events = [group.recordEvent(owner, 1), stranger, group.recordEvent(owner, 2)];
    const flush = await decide(group, events);
    expect(flush.decisions.map(codeOf)).toEqual(['accepted', 'not-permitted', 'accepted']);
    expect(stateOf(flush.head)).toEqual([1, 2]);
    expect(group.registry.executor.calls).toEqual([1, 1]);
    const added = group.log.event(owner, memberAdded, { actor: actorNamed('ben').key, role: 'member' });
    expect(draftOf(group, [added]).isDecided).toBe(true);
  });

  test('takes the second of two that are the same for what the first one turned out to be', async () => {
    const group = tallyGroup();
    const twice = group.recordEvent(owner, 7);
    const rejected = group.recordEvent(owner, 0);
    const flush = await decide(group, [twice, twice, rejected, rejected]);
    expect(flush.decisions.map(codeOf)).toEqual(['accepted', 'repeated', 'policy-rejected', 'policy-rejected']);
    expect(stateOf(flush.head)).toEqual([7]);
  });

  test('asks the policy that is bound within it', async () => {
    const group = tallyGroup();
    const next = group.registry.publish(tallyOf(2, 'marks'));
    group.record(owner, 5);
    group.sync();
    const events = [group.recordEvent(owner, 1), group.bindingEvent(next), group.recordEvent(owner, 2)];
    const flush = await decide(group, events);
    expect(flush.decisions.map(codeOf)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(stateOf(flush.head)).toEqual([5, 1, 99, 2]);
  });

  test('takes no verdict on anything but what it asked', async () => {
    const group = tallyGroup();
    const draft = draftOf(group, [group.recordEvent(owner, 1)]);
    const other = group.verdictOn(group.recordEvent(owner, 2))!;
    expect(() => draft.answer([other])).toThrow('a verdict is on what was asked');
    expect(() => draft.finish()).toThrow('a policy was not asked');
  });

  test('refuses what needs a verdict where the policy can not be asked, and takes everything else', () => {
    const group = tallyGroup([memberAdded.type]);
    const ben = { actor: actorNamed('ben').key, role: 'member' } as const;
    const plain = group.log.event(owner, policyBound, { binding: undefined });
    const draft = draftOf(group, [group.recordEvent(owner, 1), group.log.event(owner, memberAdded, ben), plain]);
    draft.leaveUndecided();
    expect(draft.finish().decisions.map(codeOf)).toEqual(['policy-undecided', 'policy-undecided', 'accepted']);
  });

  test('[PB9] lets a guard look at the event, and keeps no state of it', async () => {
    const group = tallyGroup([memberAdded.type]);
    group.record(owner, 4);
    // A role ends the body: none of those is 0.
    const added = group.log.event(owner, memberAdded, { actor: actorNamed('ben').key, role: 'member' });
    const flush = await decide(group, [added]);
    expect(flush.decisions.map(codeOf)).toEqual(['accepted']);
    expect(stateOf(flush.head)).toEqual([4]);
  });
});

describe('[ST3] The head of a stored chain', () => {
  const keptOf = (group: TestPolicyGroup): KeptPolicyState | undefined =>
    newPolicyState({ ...group.log.state, value: { policy: undefined } } as never, headOf(group.log));

  test('is the same again with what is kept of the policy, which is not asked', () => {
    const group = tallyGroup([groupMessage.type]);
    for (const byte of [1, 2, 3]) group.record(owner, byte);
    group.registry.executor.calls.length = 0;
    const kept = keptOf(group);
    expect(restoreHead(group.log.chain, storedOf(group.log), [], kept)).toEqual(headOf(group.log));
    expect(group.registry.executor.calls).toEqual([]);
  });

  test('is the same from a snapshot, across versions and after the policy is out of force', () => {
    const group = tallyGroup();
    group.record(owner, 1);
    const snapshot = snapshotOf(headOf(group.log));
    const next = group.registry.publish(tallyOf(2, 'marks'));
    group.sync();
    group.bind(next);
    group.record(owner, 2);
    for (const snapshots of [[], [snapshot]]) {
      expect(restoreHead(group.log.chain, storedOf(group.log), snapshots, keptOf(group))).toEqual(headOf(group.log));
    }
    const left = keptOf(group);
    group.log.append(owner, policyBound, { binding: undefined });
    group.bind(next);
    expect(restoreHead(group.log.chain, storedOf(group.log), [], left)).toEqual(headOf(group.log));
  });

  test('is asked of the policy again where nothing is kept, or only of an earlier entry', async () => {
    const group = tallyGroup();
    group.record(owner, 1);
    const early = keptOf(group);
    group.record(owner, 2);
    const stored = storedOf(group.log);
    for (const kept of [undefined, early]) {
      expect(() => restoreHead(group.log.chain, stored, [], kept)).toThrow(PolicyStateLost);
    }
    const recalled = await recallPolicyState(stored, [], group.registry.executor);
    expect(equalBytes(recalled!.state, Uint8Array.of(1, 2))).toBe(true);
    expect(restoreHead(group.log.chain, stored, [], recalled)).toEqual(headOf(group.log));
  });

  test('is nothing where the policy would not let an entry in again', async () => {
    const group = tallyGroup();
    group.log.force(owner, group.recordEvent(owner, 0));
    await expect(recallPolicyState(storedOf(group.log), [], group.registry.executor)).rejects.toThrow('does not let');
  });
});
