import type { GroupInfo } from 'ts-mls';
import { decode, opaqueVector } from '../../codec/index.ts';

export function treeExtensionOf(groupInfo: GroupInfo): Uint8Array | undefined {
  return extensionData(groupInfo, 'ratchet_tree');
}

/** Sound is one HPKE public key (`ML32`). Whether it is the epoch's takes its secrets to tell. */
export function kindOfExternalPub(groupInfo: GroupInfo, keyBytes: number): 'missing' | 'sound' | 'malformed' {
  const data = extensionData(groupInfo, 'external_pub');
  if (data === undefined) return 'missing';
  const externalPub = decode(opaqueVector(keyBytes), data);
  return externalPub.ok && externalPub.value.length === keyBytes ? 'sound' : 'malformed';
}

function extensionData({ extensions }: GroupInfo, type: 'ratchet_tree' | 'external_pub'): Uint8Array | undefined {
  return extensions.find(({ extensionType }) => extensionType === type)?.extensionData;
}
