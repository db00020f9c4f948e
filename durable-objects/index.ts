export { AdmissionObject } from './admission/object.ts';
export type { KeptAttachment, TurnKey, UploadedBlob, UploadTurn } from './chain/attachments.ts';
export { ChainObject } from './chain/object.ts';
export { ClusterObject } from './cluster/object.ts';
export { DeviceObject } from './device/object.ts';
export { countRateLimited, measures, readMeasures, reportMeasures } from './metrics/isolate-measures.ts';
export { MetricsObject } from './metrics/object.ts';
export { FanoutObject } from './fanout/object.ts';
export { shareName } from './fanout/share-name.ts';
export { clusterFaultOf, clusterOf, keeperOf, openedNodes } from './platform/cluster.ts';
export { reportIncident } from './platform/incident.ts';
export { createVerifyBatch, ed25519Checker } from './platform/ed25519.ts';
export { RunningSha256, workerdSha256 } from './platform/sha256.ts';
export { checkpointKeyOf, nodeKeyOf, relayActorOf, type RelayEnvironment } from './platform/environment.ts';
export { describePolicies } from './platform/policies.ts';
export {
  accountPrefix,
  ShardAccountObject,
  type AccountCall,
  type PutCall,
  type ShardAccountEnvironment,
} from './shard-account/object.ts';
export type { ShardUsage } from './shard-account/store.ts';
