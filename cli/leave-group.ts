import { UsageError, type Group } from '../sdk/index.ts';
import { Failure } from './failure.ts';
import { commandPrefix } from './invocation.ts';

/** Takes this identity out of a group. Nobody can commit their own removal (RFC 9420 §12.2), so there somebody has to help. */
export async function leaveGroup(group: Group, self: string, signal: AbortSignal): Promise<void> {
  try {
    await group.leave({ signal });
  } catch (cause) {
    if (!(cause instanceof UsageError) || cause.code !== 'leave-needs-admin') throw cause;
    const hint = `Ask an admin of the group: ${commandPrefix()} group remove GROUP ${self}`;
    throw new Failure('failed', cause.code, cause.message, hint);
  }
}
