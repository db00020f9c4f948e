import { memoryStorage, type Storage } from '../../sdk/index.ts';
import { describeStorage } from '../contracts/storage.ts';

/** Nothing outlives a memory storage, so what shares its data is the storage itself. */
describeStorage('memory storage', async () => {
  const shared: Storage = memoryStorage();
  return { open: async () => shared, dispose: () => shared.close() };
});
