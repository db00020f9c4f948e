/** A process to be killed: commits pairs of values as fast as it can, and says each number once it is durable. */
import { fileStorage } from '../../../sdk/node/index.ts';

const [folder = '', lane = ''] = process.argv.slice(2);
const storage = fileStorage(folder);
for (let number = 1; ; number++) {
  const value = new Uint8Array(2_000).fill(number % 256);
  new DataView(value.buffer).setUint32(0, number);
  await storage.exclusive(lane, () =>
    storage.commit([
      { key: `${lane}/left`, value },
      { key: `${lane}/right`, value },
    ]),
  );
  process.stdout.write(`${number}\n`);
}
