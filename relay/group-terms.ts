import type { ChainState, GroupState, HandshakeMode } from '../core/index.ts';
import { DEFAULT_SUITE, findSuite, type GroupTerms } from '../core/mls/index.ts';

/** What a group's genesis says of its MLS. */
interface MlsChoices {
  readonly handshakes: HandshakeMode;
  readonly credentials: GroupTerms['credentials'];
  readonly authenticatedData: 'required' | 'optional';
}

/** Undefined for chains that are no MLS group. */
export function mlsChoicesOf({ value: { genesis } }: ChainState): MlsChoices | undefined {
  const { parameters } = genesis;
  return parameters.kind === 'group' && parameters.value.membership === 'mls' ? parameters.value : undefined;
}

/** What the state says of a chain's MLS group. Undefined where there is none, or none yet. */
export function mlsStateOf(state: ChainState): GroupState['mls'] {
  return state.kind === 'group' ? state.value.mls : undefined;
}

/** What all leaves of a chain's MLS group have in common. Its suite is known from entry 1 on. */
export function groupTermsOf(state: ChainState): GroupTerms {
  const created = mlsStateOf(state);
  const suite = (created && findSuite(created.ciphersuite)) ?? DEFAULT_SUITE;
  return { suite, credentials: mlsChoicesOf(state)?.credentials ?? 'bound' };
}
