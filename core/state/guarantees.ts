import type { Genesis } from './genesis.ts';

type GroupGenesis = Genesis & { readonly parameters: Extract<Genesis['parameters'], { readonly kind: 'group' }> };

/** How it is told whether a group has a guarantee, and what to say of it. */
export interface GuaranteeDefinition {
  /** Undefined where the question does not arise: a plain group has no MLS. */
  readonly holds: (genesis: GroupGenesis) => boolean | undefined;
  /** What it means to have it: a sentence for people. */
  readonly kept: string;
  /** What it means to do without: a sentence for people. */
  readonly lost: string;
}

/**
 * What a group has for its whole life, unless its genesis gave it up (`GR8`). Everything that shows a group shows this list;
 * a further choice of the genesis is one more line here.
 */
export const guarantees: Readonly<Record<GuaranteeName, GuaranteeDefinition>> = {
  private: {
    holds: ({ visibility }) => visibility === 'private',
    kept: 'Only members can read the log.',
    lost: 'Anyone can read the log: who did what, and when.',
  },
  encrypted: {
    holds: ({ parameters }) => parameters.value.membership === 'mls',
    kept: 'Only members can read what is said.',
    lost: 'The relay can read what is said.',
  },
  'bound-credentials': {
    holds: inMls(({ credentials }) => credentials === 'bound'),
    kept: 'Each member has an MLS key of its own, signed for by its actor.',
    lost: 'A member’s MLS key is the key of its identity: whoever takes one has both.',
  },
  'bound-messages': {
    holds: inMls(({ authenticatedData }) => authenticatedData === 'required'),
    kept: 'Each message and commit names the entry that it belongs to.',
    lost: 'Nothing but its sender ties a message to its entry.',
  },
  'checked-handshakes': {
    holds: inMls(({ handshakes }) => handshakes === 'public'),
    kept: 'The relay refuses changes of keys that break a rule.',
    lost: 'The relay can’t check changes of keys: a member can make one that nobody can follow.',
  },
};

/** Stable, kebab-case. */
export type GuaranteeName = 'private' | 'encrypted' | 'bound-credentials' | 'bound-messages' | 'checked-handshakes';

/** Something that a group has for its whole life, or does without. */
export interface Guarantee {
  readonly name: GuaranteeName;
  /** Whether the group has it. */
  readonly holds: boolean;
  /** What that means, in a sentence for people. */
  readonly meaning: string;
}

/** In the order in which they are shown; none for a chain that is no group. */
export function guaranteesOf(genesis: Genesis): readonly Guarantee[] {
  if (!isOfGroup(genesis)) return [];
  return (Object.entries(guarantees) as [GuaranteeName, GuaranteeDefinition][]).flatMap(([name, definition]) => {
    const holds = definition.holds(genesis);
    return holds === undefined ? [] : [{ name, holds, meaning: holds ? definition.kept : definition.lost }];
  });
}

function isOfGroup(genesis: Genesis): genesis is GroupGenesis {
  return genesis.parameters.kind === 'group';
}

function inMls(holds: (parameters: GroupGenesis['parameters']['value']) => boolean): GuaranteeDefinition['holds'] {
  return ({ parameters }) => (parameters.value.membership === 'mls' ? holds(parameters.value) : undefined);
}
