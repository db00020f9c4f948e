import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeState,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  parseState,
  sha256,
  stateDigest,
  toBase64Url,
  viewState,
  type ChainState,
  type GroupState,
} from '../../../core/index.ts';
import { commitBody, createdBody, groupGenesis, identityGenesis } from '../../../scripts/vectors/sample-bodies.ts';
import { sampleChains } from '../../../scripts/vectors/sample-chains.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const [alice, bob] = [actorNamed('alice'), actorNamed('bob')];

function plainGroup(): LogBuilder {
  const log = new LogBuilder(alice);
  log.append(alice, memberAdded, { actor: bob.key, role: 'member' });
  log.append(alice, memberAdded, { actor: actorNamed('carol').key, role: 'reader' });
  log.append(alice, memberRemoved, { actor: bob.key });
  return log;
}

function mlsGroup(): LogBuilder {
  const log = new LogBuilder(alice, groupGenesis('mls'));
  log.append(alice, mlsCreated, createdBody);
  log.append(alice, mlsCommit, commitBody(0, { added: [{ actor: bob.key, role: 'member' }] }));
  return log;
}

const states: readonly (readonly [string, ChainState])[] = [
  ['a plain group', plainGroup().state],
  ['an MLS group', mlsGroup().state],
  ['an identity', new LogBuilder(alice, identityGenesis()).state],
  ['an account with everything', sampleChains['account']!().state],
];

describe.each(states)('the state of %s', (_name, state) => {
  const bytes = encodeState(state);

  test('[ST2] is read back as it was written', () => {
    expect(parseState(bytes)).toEqual(state);
  });

  test('[ST2] has a digest that is SHA-256 of its encoding', () => {
    expect(stateDigest(state)).toEqual(sha256(bytes));
  });

  test('[ST3] is not read from bytes cut short or longer', () => {
    for (let end = 0; end < bytes.length; end++) expect(parseState(bytes.subarray(0, end))).toBeUndefined();
    expect(parseState(Uint8Array.of(...bytes, 0))).toBeUndefined();
  });

  test('[ST2] has one encoding: changed bytes are another state or none', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = bytes.slice();
        changed[at]! ^= change;
        const parsed = parseState(changed);
        if (parsed !== undefined) expect(Buffer.compare(encodeState(parsed), changed)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('[WI3] has a view that JSON can say', () => {
    expect(JSON.parse(JSON.stringify(viewState(state)))).toEqual(viewState(state));
  });
});

test('[EN6] a roster out of order or with one actor twice is no state', () => {
  const log = plainGroup();
  const [first, second] = log.group.roster as [GroupState['roster'][0], GroupState['roster'][0]];
  const swapped = swap(encodeState(log.state), first.actor, second.actor);
  expect(parseState(swapped)).toBeUndefined();
  const doubled: ChainState = { kind: 'group', value: { ...log.group, roster: [first, first] } };
  expect(() => encodeState(doubled)).toThrow(RangeError);
});

function swap(bytes: Uint8Array, a: Uint8Array, b: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes);
  const [atA, atB] = [buffer.indexOf(a), buffer.indexOf(b)];
  buffer.set(b, atA);
  buffer.set(a, atB);
  return Uint8Array.from(buffer);
}

test('[ST2] the view names what is in force', () => {
  expect(viewState(mlsGroup().state)).toMatchObject({
    kind: 'group',
    value: {
      lastStrictIndex: '2',
      lastApplicationIndex: '0',
      genesis: { relayName: 'relay.example', visibility: 'private', parameters: { value: { membership: 'mls' } } },
      mls: { epoch: '1', epochIndex: '2', ciphersuite: 1 },
      roster: expect.arrayContaining([
        { actor: toBase64Url(bob.key), role: 'member', since: '2', until: '0' },
      ]) as unknown,
    },
  });
});
