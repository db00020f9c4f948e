import type { Group } from '../sdk/index.ts';
import { Failure } from './failure.ts';
import { commandPrefix } from './invocation.ts';

/** Takes this identity out of a group. Nobody can commit their own removal (RFC 9420 §12.2), so there somebody has to help. */
export async function leaveGroup(group: Group, self: string, signal: AbortSignal): Promise<void> {
  if (group.membership === 'plain') {
    await group.remove(self, { signal });
    return;
  }
  const message =
    'In an encrypted group nobody can put out themselves: the keys change, and those who stay change them.';
  const hint = `Ask an admin of the group: ${commandPrefix()} group remove GROUP ${self}`;
  throw new Failure('failed', 'leave-needs-admin', message, hint);
}
