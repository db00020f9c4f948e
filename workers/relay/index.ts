import { useSha256 } from '../../core/index.ts';
import { workerdSha256 } from '../../durable-objects/index.ts';
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

export default createRelay({ clock: () => Date.now() });
