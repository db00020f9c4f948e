import { satisfiesEquation, type AsyncVerifyBatch, type VerifyJob } from '../core/index.ts';

/** Imported keys that are kept; a group's writers are few, and an import costs as much as a verification. */
const MAX_IMPORTED_KEYS = 1_000;

type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Ed25519 by Web Crypto; where the platform has none, in plain TypeScript, which is ten times slower. */
export function webVerifyBatch(): AsyncVerifyBatch {
  const keys = new Map<string, Promise<ImportedKey | undefined>>();
  const keyOf = (bytes: Uint8Array): Promise<ImportedKey | undefined> => {
    const name = String.fromCharCode(...bytes);
    const known = keys.get(name);
    if (known !== undefined) return known;
    if (keys.size >= MAX_IMPORTED_KEYS) keys.delete(keys.keys().next().value as string);
    const imported = importKey(bytes);
    keys.set(name, imported);
    return imported;
  };
  let isSupported: Promise<boolean> | undefined;
  return async (jobs) => {
    isSupported ??= hasEd25519();
    if (!(await isSupported)) return jobs.map(satisfiesEquation);
    return Promise.all(jobs.map(async (job) => verify(await keyOf(job.key), job)));
  };
}

async function verify(key: ImportedKey | undefined, { message, signature }: VerifyJob): Promise<boolean> {
  if (key === undefined) return false;
  return crypto.subtle.verify('Ed25519', key, unshared(signature), unshared(message));
}

/** Undefined where the platform refuses the key: that is a verdict, not a fault. */
async function importKey(bytes: Uint8Array): Promise<ImportedKey | undefined> {
  try {
    return await crypto.subtle.importKey('raw', unshared(bytes), 'Ed25519', false, ['verify']);
  } catch {
    return undefined;
  }
}

/** The public key of RFC 8032 §7.1 test 1: a platform that can't import it has no Ed25519. */
const KNOWN_KEY = [
  0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72,
  0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
] as const;

async function hasEd25519(): Promise<boolean> {
  return (await importKey(Uint8Array.from(KNOWN_KEY))) !== undefined;
}

/** Nothing here is in shared memory; the type of a byte string can't say so. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
