import type { ChainState, HandshakeMode } from '../core/index.ts';
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

/** What all leaves of a chain's MLS group have in common. Its suite is known from entry 1 on. */
export function groupTermsOf(state: ChainState): GroupTerms {
  const created = state.kind === 'group' ? state.value.mls : undefined;
  const suite = (created && findSuite(created.ciphersuite)) ?? DEFAULT_SUITE;
  return { suite, credentials: mlsChoicesOf(state)?.credentials ?? 'bound' };
}
