export { ChainObject } from './chain/object.ts';
export { DeviceObject } from './device/object.ts';
