export { chainMigrations } from './chain/index.ts';
export { deviceMigrations } from './device/index.ts';
