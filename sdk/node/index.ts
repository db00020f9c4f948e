/** What the SDK can do in Node alone: a storage in a folder, and the platform's own Ed25519 and WebSocket. */
export { fileStorage } from './file-storage.ts';
export { nodeSha256, nodeSigner, nodeVerifyBatch } from './node-crypto.ts';
export { nodePlatform } from './node-platform.ts';
