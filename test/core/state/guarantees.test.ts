import { describe, expect, test } from 'vitest';
import { guarantees, guaranteesOf, type Genesis, type GuaranteeName } from '../../../core/index.ts';
import { groupGenesis, identityGenesis } from '../../../scripts/vectors/sample-bodies.ts';

type Parameters = Extract<Genesis['parameters'], { kind: 'group' }>['value'];

function mls(choices: Partial<Parameters> = {}): Genesis {
  const genesis = groupGenesis('mls');
  if (genesis.parameters.kind !== 'group') throw new Error('a group');
  return { ...genesis, parameters: { kind: 'group', value: { ...genesis.parameters.value, ...choices } } };
}

const lacks = (genesis: Genesis): GuaranteeName[] =>
  guaranteesOf(genesis).flatMap(({ name, holds }) => (holds ? [] : [name]));

describe('a genesis', () => {
  test('[GR8] that gives nothing up has every guarantee', () => {
    const all = guaranteesOf(mls());
    expect(all.map(({ name }) => name)).toEqual(Object.keys(guarantees));
    expect(lacks(mls())).toEqual([]);
    for (const { name, meaning } of all) expect(meaning).toBe(guarantees[name].kept);
  });

  test.each([
    ['anyone may read', { ...mls(), visibility: 'public' } as const, ['private']],
    ['leaves its MLS credentials unbound', mls({ credentials: 'unbound' }), ['bound-credentials']],
    ['keeps its handshakes from the relay', mls({ handshakes: 'opaque' }), ['checked-handshakes']],
    ['leaves authenticated_data open', mls({ authenticatedData: 'optional' }), ['bound-messages']],
    [
      'leaves both to other clients',
      mls({ credentials: 'unbound', authenticatedData: 'optional' }),
      ['bound-credentials', 'bound-messages'],
    ],
  ])('[GR8] that %s does without: %o', (_what, genesis, names) => {
    expect(lacks(genesis)).toEqual(names);
    const given = guaranteesOf(genesis).filter(({ holds }) => !holds);
    expect(given.map(({ meaning }) => meaning)).toEqual(names.map((name) => guarantees[name as GuaranteeName].lost));
  });

  test('[GR8] of a plain group is asked nothing of MLS, and that of an identity nothing at all', () => {
    expect(guaranteesOf(groupGenesis('plain')).map(({ name, holds }) => [name, holds])).toEqual([
      ['private', true],
      ['encrypted', false],
    ]);
    expect(guaranteesOf(identityGenesis())).toEqual([]);
  });
});
