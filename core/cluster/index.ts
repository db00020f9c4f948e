export {
  checkCluster,
  clusterRules,
  fragileDomains,
  MAX_CLUSTER_NODES,
  MAX_NODE_NAME_BYTES,
  MIN_CLUSTER_NODES,
  type Cluster,
  type ClusterConfiguration,
  type ClusterNode,
  type ClusterRefusal,
  type ClusterRule,
  type ClusterSuggestion,
} from './configuration.ts';
export { explainClusterFault, type ExplainedFault } from './explain-fault.ts';
export {
  nodeRules,
  parseClusterConfiguration,
  secretsOf,
  type ClusterFault,
  type ConfiguredCluster,
  type ConfiguredNode,
  type NodeAddress,
  type UnreadableCluster,
} from './node-configuration.ts';
export {
  changeBetween,
  foundPlacement,
  nextPlacement,
  nodesFor,
  parsePlacement,
  placementCodec,
  type Placement,
  type PlacementChange,
  type ShardMove,
} from './placement.ts';
export {
  faultsBorneBy,
  healthOf,
  isWritten,
  lossMargin,
  mostDataShards,
  writeQuorum,
  type BlobHealth,
  type QuorumParameters,
} from './quorum.ts';
