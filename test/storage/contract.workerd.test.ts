import { describeStorageNode } from '../contracts/storage-node.ts';
import { peerNode, r2Node, s3Node } from './nodes.workerd.ts';

describeStorageNode('An R2 bucket', () => r2Node());
describeStorageNode('An S3 store', () => s3Node());
describeStorageNode('A peer', () => peerNode());
