/** What the tests of storage nodes know, wherever they run. */
/** Seeds of relays: one that the shard node lists, one that it lists with a single MiB, and one that it does not know. */
export const RELAY_SEED = new Uint8Array(32).fill(0x71);
export const SMALL_RELAY_SEED = new Uint8Array(32).fill(0x72);
export const STRANGER_SEED = new Uint8Array(32).fill(0x73);

/** Where Miniflare answers as S3 does. */
export const S3_PATH = '/cdn-cgi/local/r2/s3';
export const S3_BUCKET = 's3-node';
export const S3_CREDENTIALS = { accessKeyId: 'contract', secretAccessKey: 'only-for-tests' };

/** What the way to a node does to an answer. */
export const faults = [
  'cut',
  'silent',
  'truncated',
  'shortened',
  'damaged',
  'failed',
  'busy',
  'foreign',
  'moved',
  'endless',
  'dripping',
] as const;
export type Fault = (typeof faults)[number];

/** Addresses of real servers. Every one of `faulty` leads to the same two nodes, by a way with that fault. */
export interface NodeServers {
  readonly peer: string;
  readonly s3: string;
  readonly faulty: Readonly<Record<Fault, { readonly peer: string; readonly s3: string }>>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    nodes: NodeServers;
  }
}
