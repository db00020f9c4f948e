import { decode, encode, opaque, SEED_BYTES, struct, uint64, version } from '../../core/index.ts';
import type { ActorSigner } from '../actor-signer.ts';
import { openBox, sealBox } from '../backup/passphrase-box.ts';
import { UsageError } from '../errors.ts';
import { platformOf, type PlatformOptions } from '../platform.ts';

const LABEL = 'terachat admin key v1';

/** What is in the box (`AR19`). The public key follows from the seed. */
export const adminKey = struct('AdminKey', { version: version(1), createdAt: uint64, seed: opaque(SEED_BYTES) });

/** A key that was drawn here, and is nowhere else. */
export interface DrawnAdminKey {
  /** To be kept, and backed up: whoever has it and the passphrase signs as this admin. */
  readonly file: Uint8Array;
  readonly signer: ActorSigner;
}

/** Draws the key of an admin and encrypts it under a passphrase. Asks nobody, so it can be done on a machine without a network. */
export async function drawAdminKey(passphrase: string, options: PlatformOptions = {}): Promise<DrawnAdminKey> {
  const platform = platformOf(options);
  const randomBytes = (length: number): Uint8Array => platform.randomBytes(length);
  const seed = randomBytes(SEED_BYTES);
  const content = encode(adminKey, { version: 1, createdAt: platform.now(), seed });
  return { file: await sealBox(LABEL, content, { passphrase, randomBytes }), signer: platform.makeSigner(seed) };
}

/** Rejects with `malformed-admin-key`, and with `wrong-passphrase` also where a byte was changed. */
export async function openAdminKey(
  file: Uint8Array,
  passphrase: string,
  options: PlatformOptions = {},
): Promise<ActorSigner> {
  const opened = await openBox(LABEL, file, passphrase);
  if (opened === 'malformed') throw new UsageError('malformed-admin-key', 'this is no file of an admin key');
  if (opened === 'refused') {
    throw new UsageError('wrong-passphrase', 'the passphrase is wrong, or the file was changed');
  }
  const content = decode(adminKey, opened);
  if (!content.ok) throw new UsageError('malformed-admin-key', `this is no admin key: ${content.error.reason}`);
  return platformOf(options).makeSigner(content.value.seed.slice());
}
