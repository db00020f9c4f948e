import { toBase64Url } from '../bytes/index.ts';

/** The checkpoint origin and key name of a chain's log, fixed for ever by its genesis (`CH6`). */
export function chainOrigin(relayName: string, chain: Uint8Array): string {
  return `${relayName}/v1/chains/${toBase64Url(chain)}/log`;
}
