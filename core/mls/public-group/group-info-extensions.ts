import type { GroupInfo } from 'ts-mls';
import { decode, opaqueVector } from '../../codec/index.ts';

export function treeExtensionOf(groupInfo: GroupInfo): Uint8Array | undefined {
  return extensionData(groupInfo, 'ratchet_tree');
}

/** One HPKE public key, where there is any (`ML32`). Whether it is the epoch's takes its secrets to tell. */
export function hasSoundExternalPub(groupInfo: GroupInfo, keyBytes: number): boolean {
  const data = extensionData(groupInfo, 'external_pub');
  if (data === undefined) return true;
  const externalPub = decode(opaqueVector(keyBytes), data);
  return externalPub.ok && externalPub.value.length === keyBytes;
}

function extensionData({ extensions }: GroupInfo, type: 'ratchet_tree' | 'external_pub'): Uint8Array | undefined {
  return extensions.find(({ extensionType }) => extensionType === type)?.extensionData;
}
