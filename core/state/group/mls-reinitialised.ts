import { opaque, struct, uint16, uint32, uint64, type Decoded } from '../../codec/index.ts';
import { defineEvent, HASH_BYTES } from '../../event/index.ts';
import type { Position, Rule, RuleRefusal } from '../rule.ts';
import { requireMembership, type GroupState, type MlsState } from './group-state.ts';
import { CIPHERSUITES, openEpoch } from './mls.ts';
import { requireRole } from './roster.ts';

const reinitialisedBody = struct('MlsReinitialised', {
  /** The epoch that the commit ends. */
  epoch: uint64,
  commitHash: opaque(HASH_BYTES),
  commitSize: uint32,
  groupInfoHash: opaque(HASH_BYTES),
  groupInfoSize: uint32,
  treeHash: opaque(HASH_BYTES),
  /** Chain of the group that goes on in this one's place, which is its MLS group id too. */
  successor: opaque(HASH_BYTES),
  /** Of the successor. */
  ciphersuite: uint16,
});

export type MlsReinitialised = Decoded<typeof reinitialisedBody>;

/** Ends an MLS group by the commit of a ReInit (RFC 9420 §12.1.5) and names the one that goes on (`GM41`). */
export const mlsReinitialised = defineEvent({
  type: 0x0209,
  name: 'group.mls-reinitialised',
  ordering: 'strict',
  body: reinitialisedBody,
});

/** An owner's alone: whoever founds the successor owns it. */
export const mlsReinitialisedRule: Rule<GroupState, MlsReinitialised> = {
  definition: mlsReinitialised,
  permit: ({ roster }, actor) => requireRole(roster, actor, 'owner'),
  check: checkReinit,
  apply: (state, position, body) => ({
    ...state,
    mls: state.mls === undefined ? undefined : endGroup(state.mls, position, body),
  }),
  payload: ({ commitHash, commitSize }) => ({ hash: commitHash, size: commitSize }),
};

function checkReinit(state: GroupState, _position: Position, body: MlsReinitialised): RuleRefusal | undefined {
  if (state.mls === undefined) return requireMembership(state, 'mls') ?? { code: 'mls-not-created' };
  if (body.epoch !== state.mls.epoch) return { code: 'wrong-epoch', epoch: state.mls.epoch };
  return CIPHERSUITES.has(body.ciphersuite) ? undefined : { code: 'unsupported-ciphersuite' };
}

function endGroup(mls: MlsState, position: Position, body: MlsReinitialised): MlsState {
  const { successor: chain, ciphersuite } = body;
  const successor = { chain: chain.slice(), ciphersuite, index: position.index };
  return { ...openEpoch(mls, position, body, []), successor };
}
