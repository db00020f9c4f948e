import { env } from 'cloudflare:workers';
import { useSha256 } from '../../../core/index.ts';
import { workerdSha256 } from '../../../durable-objects/index.ts';
import { openWorkerdKernel } from '../../../durable-objects/platform/erasure-kernel.ts';
import { R2Node } from '../../../storage/index.ts';
import { NodesUnderTest, TestNode } from './test-cluster.ts';

useSha256(workerdSha256);

const kernel = openWorkerdKernel();
const bucket = (env as unknown as { readonly NODE_0: R2Bucket }).NODE_0;
let clusters = 0;

/** A real bucket's part. */
export function bucketNode(prefix: string): TestNode {
  return new TestNode(openBucket(prefix));
}

function openBucket(prefix: string): R2Node {
  return new R2Node({ bucket, prefix, clock: () => Date.now(), timeoutMs: 60_000 });
}

/** Nodes in a real bucket. */
export class TestCluster extends NodesUnderTest {
  constructor(dataShards: number, totalShards: number) {
    const cluster = clusters++;
    super({ dataShards, totalShards }, { kernel, open: (name) => openBucket(`${cluster}/${name}/`) });
  }
}
