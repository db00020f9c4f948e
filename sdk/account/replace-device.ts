import type { GrantedRole } from '../../core/index.ts';
import { RelayProblem, UsageError } from '../errors.ts';
import type { CallOptions, Group, InvitedActor } from '../group/group.ts';
import type { Platform } from '../platform.ts';
import type { Session } from '../session.ts';

/** Between two looks for an invitation, and how often: mail comes within a second or two. */
const LOOK_MS = 1_000;
const MAX_LOOKS = 60;

/** How a device gets another key. */
export interface ReplaceOptions extends CallOptions {
  /** What the device is to be called under its new key: 1 to 64 bytes. */
  readonly name: string;
}

/** What became of one group. */
export interface MovedGroup {
  /** Its id, base64url. */
  readonly group: string;
  /**
   * `moved`: the new key is in, in the role of the old one. `not-permitted`: the old one may not invite, so somebody else has to. Any
   * other is why the invitation could not be made.
   */
  readonly outcome: 'moved' | 'not-permitted' | Exclude<InvitedActor['outcome'], 'invited'>;
}

/** How far a replacement got. */
export interface Replacement {
  readonly groups: readonly MovedGroup[];
  /** Index of the old key's revocation. Undefined where it is still needed: then somebody invites the new one, and it revokes the old. */
  readonly revokedAt: number | undefined;
}

/**
 * Gives a device another key: the new one comes into the account and into every group of the old one, and then revokes that. What
 * was cut short goes on by another call.
 */
export async function replaceDevice(
  old: Session,
  fresh: Session,
  { platform, ...options }: ReplaceOptions & { readonly platform: Platform },
): Promise<Replacement> {
  const { signal } = options;
  if (fresh.identity === undefined) await pairWithin(old, fresh, options);
  const groups: MovedGroup[] = [];
  for (const { id } of await old.groups()) {
    const group = await old.group(id);
    await group.catchUp({ signal });
    const { status } = await group.view();
    if (status.kind !== 'member') continue;
    groups.push({ group: id, outcome: await move(group, status.role, { old, fresh, platform, signal }) });
  }
  if (groups.some(({ outcome }) => outcome !== 'moved')) return { groups, revokedAt: undefined };
  const { index } = await fresh.account.revoke(actorOf(old), { reason: 'replaced', signal });
  return { groups, revokedAt: index };
}

/** Both ends are here, so no person has to compare what they show (`ID15`). */
async function pairWithin(old: Session, fresh: Session, { name, signal }: ReplaceOptions): Promise<void> {
  let shown = '';
  let joined: Promise<unknown> = Promise.resolve();
  const code = await new Promise<string>((onOffer, reject) => {
    joined = fresh.joinAccount({ name, signal, onOffer, onCheck: (check) => (shown = check) });
    joined.catch(reject);
  });
  const request = await old.account.pair(code, { signal });
  if (request.check !== shown) throw new UsageError('pairing-swapped', 'somebody answered for one of the two devices');
  await request.accept({ signal });
  await joined;
}

interface Move {
  readonly old: Session;
  readonly fresh: Session;
  readonly platform: Platform;
  readonly signal: AbortSignal | undefined;
}

async function move(group: Group, role: GrantedRole, sessions: Move): Promise<MovedGroup['outcome']> {
  const { old, fresh, signal } = sessions;
  const actor = actorOf(fresh);
  if (!(await group.members()).some((member) => member.actor === actor)) {
    const outcome = await invite(group, actor, role, signal);
    if (outcome !== 'invited') return outcome;
  }
  await accept(fresh, group.id, sessions);
  // A group that follows the account hears of the revocation. From another the old key goes by itself.
  const isFollowed = (await group.accounts()).some(({ id }) => id === old.account.id);
  if (!isFollowed) await group.leave({ signal });
  return 'moved';
}

async function invite(
  group: Group,
  actor: string,
  role: GrantedRole,
  signal: AbortSignal | undefined,
): Promise<InvitedActor['outcome'] | 'not-permitted'> {
  try {
    const { actors } = await group.invite([actor], role, { partial: true, signal });
    return actors[0]?.outcome ?? 'unavailable';
  } catch (error) {
    if (!(error instanceof RelayProblem)) throw error;
    if (error.code === 'not-permitted') return error.code;
    const outcomes = error.details['actors'];
    if (!Array.isArray(outcomes)) throw error;
    return (outcomes as readonly InvitedActor[])[0]?.outcome ?? 'unavailable';
  }
}

async function accept(fresh: Session, id: string, { platform, signal }: Move): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    if ((await fresh.groups()).some((group) => group.id === id)) return;
    const invitation = (await fresh.invitations({ signal })).find(({ group }) => group === id);
    if (invitation !== undefined) await invitation.accept({ signal });
    else await platform.delay(LOOK_MS, signal);
  }
  throw new UsageError('not-invited', `no invitation to ${id} came`);
}

function actorOf({ identity }: Session): string {
  if (identity === undefined) throw new UsageError('identity-missing', 'this storage has no identity');
  return identity.actor;
}
