/** A process to be killed: sends one message after the other and says each once it is delivered. */
import { connect } from '../../sdk/index.ts';
import { fileStorage, nodePlatform } from '../../sdk/node/index.ts';

const [relay = '', folder = '', id = '', prefix = ''] = process.argv.slice(2);
const session = await connect({ relay, storage: fileStorage(folder), ...nodePlatform() });
const group = await session.group(id);
for (let number = 1; ; number++) {
  await group.send(`${prefix} ${number}`);
  process.stdout.write(`${prefix} ${number}\n`);
}
