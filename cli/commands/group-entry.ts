import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import type { GrantedRole } from '../../core/index.ts';
import type { FollowedAccount, Group, Invitation } from '../../sdk/index.ts';
import { absentText, deviceName } from '../account-view.ts';
import { Failure } from '../failure.ts';
import { headOf, reportChange } from '../group-change.ts';
import { GROUP_ARGUMENT, shortId } from '../group-names.ts';
import { lacksOf, weaknessesOf } from '../guarantees.ts';
import { asPerson, type Person } from '../person.ts';

/** How long one waits for an invitation: whoever sent it may be done a moment before it is delivered. */
const DELIVERY_MS = 2_000;
const LOOK_EVERY_MS = 200;

const ROLES: readonly GrantedRole[] = ['reader', 'member', 'admin', 'owner'];

/** How somebody comes into a group: invited, with their other devices, by taking up the invitation. */
export function addGroupEntry(group: Command): void {
  group
    .command('invite')
    .argument('<group>', GROUP_ARGUMENT)
    .argument('<actor>', 'their key, or a profile on this machine')
    .addOption(new Option('--role <role>', 'what they may do').choices(ROLES).default('member'))
    .option('--devices', 'with every device of their account, where the group follows it')
    .summary('let somebody in; the keys change')
    .addHelpText(
      'after',
      '\nExamples:\n  terachat group invite friends bob --role admin\n  terachat group invite friends bob --devices',
    )
    .action(asPerson<InviteFlags>(invite));
  group
    .command('join')
    .argument('[id]', 'which invitation; needed where there are several')
    .option('--name <name>', 'what to call it on this machine')
    .summary('accept an invitation')
    .addHelpText('after', '\nExample:\n  terachat group join --name friends --profile bob')
    .action(asPerson(join));
  group
    .command('follow')
    .argument('<group>', GROUP_ARGUMENT)
    .summary('have a group follow your account')
    .description(
      'Names your account in a group that you are in. What you revoke from then on is cut off there too, within a minute, and ' +
        'whoever may invite can let in your other devices. Its members see which devices you have.',
    )
    .addHelpText('after', '\nExample:\n  terachat group follow friends')
    .action(asPerson(follow));
}

interface InviteFlags {
  readonly role: GrantedRole;
  readonly devices?: true;
}

async function invite(person: Person, [name, who]: readonly string[], flags: InviteFlags): Promise<void> {
  const { role } = flags;
  const group = await person.group(name as string);
  const actor = person.names.find(who as string);
  if (flags.devices === true) return inviteDevices(person, group, actor, role);
  const { index } = await group.invite(actor, role, { signal: person.signal });
  await reportChange(person, group, { invited: actor, role, index }, `Invited ${person.names.show(actor)} as ${role}`);
}

/** Those of one account that are not in yet, as many as can be. */
async function inviteDevices(person: Person, group: Group, actor: string, role: GrantedRole): Promise<void> {
  const { names, output, signal } = person;
  await group.catchUp({ signal });
  const account = await followed(person, group, actor);
  const out = account.devices.filter(({ standing }) => standing === 'out');
  if (out.length === 0)
    throw new Failure('failed', 'all-devices-in', `Every device of ${names.show(actor)} is in the group.`);
  const devices = out.map((device) => device.actor);
  const { index, actors } = await group.invite(devices, role, { partial: true, signal });
  const lines = actors.map((one) => {
    const called = deviceName(account.devices.find((device) => device.actor === one.actor));
    return one.outcome === 'invited' ? `Invited ${called} as ${role}` : `Not invited: ${called} (${one.outcome})`;
  });
  const view = await group.view();
  const document = { id: group.id, account: account.id, role, index, actors: actors.map((one) => ({ ...one })) };
  output.result({ ...document, ...headOf(view) }, lines.join('\n'));
}

/** The account that somebody is a device of. One's own is named first, where the group does not follow it yet. */
async function followed({ session, actor: me, signal }: Person, group: Group, actor: string): Promise<FollowedAccount> {
  const find = async (): Promise<FollowedAccount | undefined> =>
    (await group.accounts()).find(({ devices }) => devices.some((device) => device.actor === actor));
  const known = await find();
  if (known !== undefined) return known;
  if (actor === me) await group.nameAccount(session.account.id, { signal });
  const named = await find();
  if (named !== undefined) return named;
  throw new Failure(
    'failed',
    'account-not-followed',
    'The group follows no account of theirs.',
    'Invite them as they are; once they are in, they name it: terachat group follow GROUP',
  );
}

async function follow(person: Person, [name]: readonly string[]): Promise<void> {
  const { session, output, signal } = person;
  const group = await person.group(name as string);
  const { id } = session.account;
  const { index } = await group.nameAccount(id, { signal });
  const account = (await group.accounts()).find((one) => one.id === id);
  const missing = account === undefined ? '' : absentText(account);
  const text = `${name as string} follows your account from entry ${index} on.${missing === '' ? '' : `\n${missing}`}`;
  output.result({ id: group.id, account: id, index, ...headOf(await group.view()) }, text);
}

async function join(person: Person, [id]: readonly (string | undefined)[], options: { name?: string }): Promise<void> {
  const { groups, names, output, signal } = person;
  const invitation = choose(await waiting(person, id));
  const known = (await groups.all()).get(invitation.group);
  const name = options.name ?? known ?? shortId(invitation.group);
  await groups.assertFreeFor(name, invitation.group);
  const group = await invitation.accept({ signal });
  await groups.add(name, group.id);
  const from = invitation.inviter === undefined ? '' : `, invited by ${names.show(invitation.inviter)}`;
  const view = await group.view();
  output.result(
    { name, id: group.id, inviter: invitation.inviter ?? null, ...headOf(view), lacks: lacksOf(view) },
    [`Joined ${name}${from}  ${group.id}`, ...weaknessesOf(view)].join('\n'),
  );
}

/** The invitations to groups whose id begins so, or to any. */
async function waiting({ session, signal }: Person, id = ''): Promise<readonly Invitation[]> {
  const end = Date.now() + DELIVERY_MS;
  for (;;) {
    const invitations = await session.invitations({ signal });
    const matches = invitations.filter(({ group }) => group.startsWith(id));
    if (matches.length > 0 || Date.now() >= end) return matches;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

function choose(matches: readonly Invitation[]): Invitation {
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  if (matches.length === 0)
    throw new Failure(
      'failed',
      'no-invitation',
      'No invitation waits for you.',
      'Ask for one with your key: terachat whoami',
    );
  const ids = matches.map(({ group }) => group).join('\n  ');
  throw new Failure('usage', 'several-invitations', 'Several invitations wait; say which:', ids);
}
