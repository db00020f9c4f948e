export { fileStorage } from './file-storage.ts';
export { nodeSigner, nodeVerifyBatch } from './node-crypto.ts';
