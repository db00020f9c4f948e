/**
 * The nodes of the cluster behind one port (`StorageNode` of relay): a bucket by its binding, any store that speaks S3, and
 * another operator's shard node.
 */
export { openNodes, type ClusterSurroundings, type OpenedNodes } from './open-nodes.ts';
export { PeerNode, type PeerNodeOptions, type RelaySigner } from './peer-node.ts';
export { R2Node, type OpenedObject, type R2NodeOptions } from './r2-node.ts';
export { S3Node, type S3NodeOptions } from './s3-node.ts';
