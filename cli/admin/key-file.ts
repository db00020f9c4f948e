import { createReadStream, existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fromBase64Url, toBase64Url } from '../../core/index.ts';
import { drawAdminKey, openAdminKey, type ActorSigner } from '../../sdk/index.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { isActor } from '../contacts.ts';
import { Failure } from '../failure.ts';
import { readPassphrase } from '../passphrase.ts';

/** No file of a key is larger. */
const MAX_KEY_FILE_BYTES = 4_096;
const PUBLIC = '.pub';

export interface KeyFlags {
  readonly passphraseFile?: string;
}

/** Draws a key, keeps it encrypted in `file`, and its public half in the file beside it. Neither may be there yet. */
export async function makeKeyFile(
  file: string,
  { passphraseFile }: KeyFlags,
  signal: AbortSignal,
): Promise<ActorSigner> {
  const publicFile = `${file}${PUBLIC}`;
  const taken = [file, publicFile].find((path) => existsSync(path));
  if (taken !== undefined) {
    const message = `${taken} is there already, and a key is never written over.`;
    throw new Failure('usage', 'file-exists', message, 'Take another name.');
  }
  const passphrase = await readPassphrase({ file: passphraseFile, isNew: true, signal });
  const { file: sealed, signer } = await drawAdminKey(passphrase, nodePlatform());
  await writeFile(file, sealed, { mode: 0o600, flag: 'wx' });
  await writeFile(publicFile, `${toBase64Url(signer.actor)}\n`, { flag: 'wx' });
  return signer;
}

/** Asks for the passphrase, and opens what `admin key` made. */
export async function openKeyFile(
  file: string,
  { passphraseFile }: KeyFlags,
  signal: AbortSignal,
): Promise<ActorSigner> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: MAX_KEY_FILE_BYTES })) chunks.push(chunk as Buffer);
  const passphrase = await readPassphrase({ file: passphraseFile, isNew: false, signal });
  return openAdminKey(new Uint8Array(Buffer.concat(chunks)), passphrase, nodePlatform());
}

/** A public key as people give it: itself, or the file that it came in. */
export async function readPublicKey(text: string): Promise<Uint8Array> {
  const key = isActor(text) || !existsSync(text) ? text : (await readFile(text, 'utf8')).trim();
  if (isActor(key)) return fromBase64Url(key) as Uint8Array;
  const message = `'${text}' is no public key, and no file with one.`;
  throw new Failure('usage', 'invalid-admin-key', message, 'terachat admin key FILE makes one, as FILE.pub.');
}
