import { describe, expect, test } from 'vitest';
import {
  encode,
  foundChain,
  groupMessage,
  MAX_RETENTION_MS,
  MIN_RETENTION_MS,
  stateDigest,
  uint8,
  type Genesis,
} from '../../../core/index.ts';
import { groupGenesis, hashOf, identityGenesis, messageBody } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const alice = actorNamed('alice');
const log = new LogBuilder(alice);

function found(genesis: Genesis): unknown {
  const state = foundChain(log.genesisEvent(alice, genesis));
  return state.ok ? state.value.kind : state.error;
}

describe('a genesis', () => {
  test('[CH1] founds the kind of chain that it names', () => {
    expect(found(groupGenesis('plain'))).toBe('group');
    expect(found(groupGenesis('mls'))).toBe('group');
    expect(found(identityGenesis())).toBe('identity');
  });

  test('[CH1] is the only event that founds one', () => {
    const event = log.event(alice, groupMessage, messageBody);
    expect(foundChain(event)).toEqual({ ok: false, error: { code: 'unknown-event-type', eventType: 0x0204 } });
  });

  test('[CH1] founds nothing in a chain that stands', () => {
    const again = log.genesisEvent(alice, groupGenesis());
    expect(log.refusalOf(log.rawEvent(alice, again.type, again.body))).toEqual({
      code: 'unknown-event-type',
      eventType: 1,
    });
  });

  test.each([
    [MIN_RETENTION_MS, 'group'],
    [MAX_RETENTION_MS, 'group'],
    [MIN_RETENTION_MS - 1, 'retention-out-of-range'],
    [MAX_RETENTION_MS + 1, 'retention-out-of-range'],
    [0, 'retention-out-of-range'],
  ])('[CH3] with a retention of %d ms: %s', (retentionMs, outcome) => {
    const limits = { code: outcome, minMs: MIN_RETENTION_MS, maxMs: MAX_RETENTION_MS };
    expect(found(groupGenesis('plain', { retentionMs }))).toEqual(outcome === 'group' ? outcome : limits);
  });

  test.each([
    ['zero', [hashOf('a')], 0],
    ['more than there are', [hashOf('a'), hashOf('b')], 3],
    ['of nobody', [], 0],
    ['of one named twice', [hashOf('a'), hashOf('b'), hashOf('a')], 2],
  ])('[CH3] with a successor threshold %s is refused', (_what, actors, threshold) => {
    expect(found(groupGenesis('plain', { successor: { actors, threshold } }))).toEqual({
      code: 'invalid-successor-rule',
    });
  });

  test('[CH3] with a successor threshold that can be met is taken', () => {
    expect(found(groupGenesis('plain', { successor: { actors: [hashOf('a'), hashOf('b')], threshold: 2 } }))).toBe(
      'group',
    );
  });

  test.each(['', 'a b', 'a+b', 'a\nb', 'rélay', 'a\u0000', 'a\u007f', '\u2028'])(
    '[CH3] that names a relay %j, which could not begin an origin, is refused',
    (relayName) => {
      expect(found(groupGenesis('plain', { relayName }))).toEqual({ code: 'invalid-relay-name' });
    },
  );

  test.each(['localhost.terachat', 'relay.example:8787', 'x'])('[CH3] may name a relay %j', (relayName) => {
    expect(found(identityGenesis({ relayName }))).toBe('identity');
  });

  test('[EN1] whose body is not the one encoding of a genesis is refused', () => {
    const event = log.genesisEvent(alice, groupGenesis());
    const longer = { ...event, body: Uint8Array.of(...event.body, 0) };
    expect(foundChain(longer)).toMatchObject({ ok: false, error: { code: 'malformed', reason: 'trailing-bytes' } });
    expect(foundChain({ ...event, body: encode(uint8, 1) })).toMatchObject({ error: { reason: 'truncated' } });
  });

  test('leaves nothing in the state that its bytes could still change', () => {
    const event = log.genesisEvent(alice, groupGenesis());
    const actor = event.actor.slice();
    const state = foundChain({ ...event, actor });
    if (!state.ok) throw new Error(state.error.code);
    const digest = stateDigest(state.value);
    event.body.fill(0);
    actor.fill(0);
    expect(stateDigest(state.value)).toEqual(digest);
  });
});
