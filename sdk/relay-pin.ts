import {
  decode,
  encode,
  equalBytes,
  fromBase64Url,
  HASH_BYTES,
  isKeyName,
  MAX_RELAY_NAME_BYTES,
  opaque,
  struct,
  text,
  toBase64Url,
  version,
  type RelayInfo,
} from '../core/index.ts';
import type { PinnedRelay } from './chain/chain-trust.ts';
import { RelayChangedError, StorageError, UntrustedError, type RelayIdentity } from './errors.ts';
import type { Storage, StorageWrite } from './storage.ts';

const KEY = 'relay';

const pinCodec = struct('RelayPin', {
  version: version(1),
  name: text(MAX_RELAY_NAME_BYTES),
  checkpointKey: opaque(HASH_BYTES),
});

/**
 * Keeps the name and key of the relay at first contact, and refuses another one afterwards (`CL1`): who could swap the
 * relay could otherwise show this identity a world of its own.
 */
export async function pinRelay(storage: Storage, info: RelayInfo): Promise<PinnedRelay> {
  const offered = parseInfo(info);
  return storage.exclusive(KEY, async () => {
    const pinned = await readPin(storage);
    if (pinned === undefined) {
      await storage.commit([pinWrite(offered)]);
      return offered;
    }
    const isSame = pinned.name === offered.name && equalBytes(pinned.checkpointKey, offered.checkpointKey);
    if (!isSame) throw new RelayChangedError(view(pinned), view(offered));
    return offered;
  });
}

/** The relay of this storage; undefined before first contact. */
export async function readPin(storage: Storage): Promise<PinnedRelay | undefined> {
  const bytes = await storage.read(KEY);
  if (bytes === undefined) return undefined;
  const pinned = decode(pinCodec, bytes);
  if (!pinned.ok) throw new StorageError('storage-damaged', `the relay's pin is ${pinned.error.reason}`);
  return { name: pinned.value.name, checkpointKey: pinned.value.checkpointKey };
}

export function pinWrite({ name, checkpointKey }: PinnedRelay): StorageWrite {
  return { key: KEY, value: encode(pinCodec, { name, checkpointKey, version: 1 }) };
}

function parseInfo({ name, checkpointKey }: RelayInfo): PinnedRelay {
  const key = fromBase64Url(checkpointKey);
  if (key?.length === HASH_BYTES && isKeyName(name) && name.length <= MAX_RELAY_NAME_BYTES)
    return { name, checkpointKey: key };
  throw new UntrustedError('malformed-answer', 'the relay has no name and key that a chain could pin');
}

function view({ name, checkpointKey }: PinnedRelay): RelayIdentity {
  return { name, checkpointKey: toBase64Url(checkpointKey) };
}
