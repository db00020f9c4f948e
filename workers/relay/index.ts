import { createRelay } from './app.ts';

export { ChainObject, DeviceObject } from '../../durable-objects/index.ts';

export default createRelay({ clock: () => Date.now() });
