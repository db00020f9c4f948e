export { memoryStorage } from './memory-storage.ts';
export type { Storage, StorageWrite } from './storage.ts';
