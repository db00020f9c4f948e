import { useSha256 } from '../../core/index.ts';
import { workerdSha256 } from '../../durable-objects/index.ts';
import { createShardNode } from './app.ts';

export { ShardAccountObject } from '../../durable-objects/index.ts';

useSha256(workerdSha256);

export default createShardNode({ clock: () => Date.now() });
