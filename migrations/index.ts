export { chainMigrations } from './chain/index.ts';
export { clusterMigrations } from './cluster/index.ts';
export { fanoutMigrations } from './fanout/index.ts';
export { deviceMigrations } from './device/index.ts';
export { shardAccountMigrations } from './shard-account/index.ts';
