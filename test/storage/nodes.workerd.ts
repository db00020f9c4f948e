import { env } from 'cloudflare:workers';
import { inject } from 'vitest';
import { publicKeyOf, signEd25519, useSha256 } from '../../core/index.ts';
import { workerdSha256 } from '../../durable-objects/index.ts';
import { PeerNode, R2Node, S3Node } from '../../storage/index.ts';
import { RELAY_SEED, S3_BUCKET, S3_CREDENTIALS } from './node-cast.ts';

// As the workers do: what is hashed here is megabytes.
useSha256(workerdSha256);

const clock = (): number => Date.now();
/** A busy machine is no fault of a node. */
const PATIENT_MS = 60_000;

/** A bucket of the worker that the tests run in. */
export const bucket = (env as unknown as { readonly BUCKET: R2Bucket }).BUCKET;

export function r2Node(options: { readonly bucket?: R2Bucket; readonly timeoutMs?: number } = {}): R2Node {
  return new R2Node({ bucket, prefix: 'shards/', clock, timeoutMs: PATIENT_MS, ...options });
}

export interface Way {
  /** Of the server, or of a bad way to it. */
  readonly url?: string;
  readonly timeoutMs?: number;
}

export function s3Node(way: Way & { readonly secretAccessKey?: string; readonly bucket?: string } = {}): S3Node {
  const { url: endpoint = inject('nodes').s3, ...options } = way;
  return new S3Node({
    endpoint,
    bucket: S3_BUCKET,
    region: 'auto',
    ...S3_CREDENTIALS,
    prefix: 'shards/',
    clock,
    timeoutMs: PATIENT_MS,
    ...options,
  });
}

export function peerNode({
  url: origin = inject('nodes').peer,
  timeoutMs = PATIENT_MS,
  seed = RELAY_SEED,
}: Way & { readonly seed?: Uint8Array } = {}): PeerNode {
  return new PeerNode({
    origin,
    signer: { actor: publicKeyOf(seed), sign: (message) => signEd25519(seed, message) },
    clock,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    timeoutMs,
  });
}

/** A bucket that is the real one but for some methods. */
export function bucketWith(real: R2Bucket, change: Partial<R2Bucket>): R2Bucket {
  return new Proxy(real, {
    get: (target, name: keyof R2Bucket) => {
      const value: unknown = change[name] ?? target[name];
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
