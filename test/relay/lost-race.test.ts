import { describe, expect, it } from 'vitest';
import { memberAdded, memberRemoved, utf8ToBytes } from '../../core/index.ts';
import { completeRefusals, screenSubmissions, type Candidate } from '../../relay/index.ts';
import { checkSignatures, MemoryChain } from '../model/memory-chain.ts';
import { TestActor } from '../support/test-actor.ts';

const T0 = Date.UTC(2026, 0, 1);
const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map((label) => new TestActor(label));

describe('What a stale event is told', () => {
  it('[AP13] [AC3] ends with the removal of its actor, where that was sequenced along with it', () => {
    const chain = new MemoryChain(alice!.genesis({}, T0), T0);
    const add = (actor: TestActor, added: TestActor, role: 'admin' | 'member') => {
      const body = memberAdded.encodeBody({ actor: added.key, role });
      return actor.sign({ chain: chain.id, seen: chain.seen, time: T0, type: memberAdded.type, body });
    };
    chain.append(add(alice!, bob!, 'admin'));
    const early = add(bob!, dave!, 'member');
    chain.append(add(alice!, carol!, 'member'));
    const body = memberRemoved.encodeBody({ actor: bob!.key });
    const removal = alice!.sign({ chain: chain.id, seen: chain.seen, time: T0, type: memberRemoved.type, body });
    const secret = alice!.message(chain.id, chain.seen, T0, utf8ToBytes('without Bob'));
    const candidates = screenSubmissions([early, removal, secret], chain.id, checkSignatures).flatMap(
      (screened): Candidate[] => (screened.ok ? [screened.value] : []),
    );
    const decisions = chain.decide(candidates);
    expect(decisions.map(({ kind }) => kind)).toEqual(['refused', 'accepted', 'accepted']);
    const [told] = completeRefusals(candidates, decisions, chain.head, chain);
    const entries = [chain.entryAt(2), chain.entryAt(3)];
    expect(told).toMatchObject({ kind: 'refused', refusal: { code: 'stale-parent', entries, cursor: 4 } });
    expect(told?.kind === 'refused' && told.refusal['entries']).toHaveLength(2);
  });
});
