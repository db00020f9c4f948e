import type { ClientState, PreSharedKeyID, ProposalOrRef, PskIndex } from 'ts-mls';
import { makePskIndex } from 'ts-mls/clientState.js';
import { toBase64Url } from '../../core/index.ts';
import { loadSuite } from './suite.ts';

/** A key that an application brought to this client by a way of its own, under a name that its members share (RFC 9420 §8.4). */
export interface PreSharedKey {
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
}

export const NO_PRE_SHARED_KEYS: readonly PreSharedKey[] = [];

/** By those keys for external ones, and by the client's own recent epochs for resumption (`ML48`). */
export function pskIndexOf(keys: readonly PreSharedKey[], client?: ClientState): PskIndex {
  const secrets = new Map(keys.map(({ id, secret }) => [toBase64Url(id), secret]));
  const resumption = makePskIndex(client, {});
  return {
    findPsk: (named) =>
      named.psktype === 'external' ? secrets.get(toBase64Url(named.pskId)) : resumption.findPsk(named),
  };
}

/** Mixes a key into the epoch that a commit begins, under a nonce of its own. */
export async function additionOfKey({ id }: Pick<PreSharedKey, 'id'>, suiteName: string): Promise<ProposalOrRef> {
  const { rng, kdf } = await loadSuite(suiteName);
  const preSharedKeyId: PreSharedKeyID = { psktype: 'external', pskId: id, pskNonce: rng.randomBytes(kdf.size) };
  return { proposalOrRefType: 'proposal', proposal: { proposalType: 'psk', psk: { preSharedKeyId } } };
}
