import type { SpawnedRelay } from '../../workers/local.ts';
import { LoadSocket } from '../load/load-socket.ts';

/** Every frame on it is stored and answered. */
export function openBareAppender(floors: SpawnedRelay): Promise<LoadSocket> {
  return LoadSocket.connect(`${socketUrl(floors)}/append`, () => 1);
}

/** Gets what is appended, one frame a flush. */
export function openBareSubscriber(floors: SpawnedRelay): Promise<LoadSocket> {
  return LoadSocket.connect(`${socketUrl(floors)}/subscribe`, () => 0);
}

function socketUrl({ url }: SpawnedRelay): string {
  return url.replace(/^http/, 'ws');
}
