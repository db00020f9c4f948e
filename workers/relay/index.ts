import { useSha256, useVerifyBatch } from '../../core/index.ts';
import { createVerifyBatch, workerdSha256 } from '../../durable-objects/index.ts';
import { createRelay } from './app.ts';

export {
  AdmissionObject,
  ChainObject,
  ClusterObject,
  DeviceObject,
  FanoutObject,
  MetricsObject,
} from '../../durable-objects/index.ts';

useSha256(workerdSha256);
useVerifyBatch(createVerifyBatch());

export default createRelay({ clock: () => Date.now() });
