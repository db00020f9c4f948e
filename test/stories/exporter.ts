import { fromBase64Url, toBase64Url } from '../../core/index.ts';
import { chainKeys } from '../../sdk/chain/chain-keys.ts';
import { MlsStore } from '../../sdk/group/mls-store.ts';
import type { Storage } from '../../sdk/index.ts';
import { exportSecret } from '../../sdk/mls/index.ts';

/** A secret that only members of the same epoch share, of the keys that a device has stored. */
export async function secretOf(storage: Storage, group: string): Promise<string> {
  const record = await new MlsStore(storage, chainKeys(fromBase64Url(group) as Uint8Array)).load();
  if (record === undefined) throw new Error('no keys are stored');
  return toBase64Url(await exportSecret(record.state, 'test', new Uint8Array(), 32));
}
