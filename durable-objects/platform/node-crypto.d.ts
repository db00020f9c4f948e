/** What we use of node:crypto under `nodejs_compat`. @types/node would also promise globals that workerd lacks. */
declare module 'node:crypto' {
  interface KeyObject {
    readonly type: 'public' | 'private' | 'secret';
  }
  interface DerKey {
    readonly key: Uint8Array;
    readonly format: 'der';
    readonly type: 'spki' | 'pkcs8';
  }
  function createPublicKey(key: DerKey | KeyObject): KeyObject;
  function createPrivateKey(key: DerKey): KeyObject;
  function sign(algorithm: null, data: Uint8Array, key: KeyObject): Uint8Array;
  function verify(algorithm: null, data: Uint8Array, key: KeyObject, signature: Uint8Array): boolean;
  function hash(algorithm: 'sha256', data: Uint8Array, outputEncoding: 'buffer'): Uint8Array<ArrayBuffer>;
  interface Hash {
    update(data: Uint8Array): Hash;
    digest(): Uint8Array<ArrayBuffer>;
  }
  function createHash(algorithm: 'sha256'): Hash;
  function randomFillSync<T extends Uint8Array>(target: T): T;
}
