import { Option, type Command } from 'commander';
import { absentText, deviceText } from '../account-view.ts';
import { headOf, reportChange } from '../group-change.ts';
import { GROUP_ARGUMENT, shortId } from '../group-names.ts';
import { lacksOf, weaknessesOf } from '../guarantees.ts';
import { commandPrefix } from '../invocation.ts';
import { parseRetention } from '../options.ts';
import { asPerson, type Person } from '../person.ts';
import { addGroupEntry } from './group-entry.ts';

const SUITES = ['1', '2', '3', '61602'];

export function addGroup(program: Command): void {
  const group = program.command('group').summary('found, join and change groups');
  addCreate(group);
  group
    .command('list')
    .summary('your groups')
    .addHelpText('after', '\nExample:\n  terachat group list --json')
    .action(asPerson(listGroups));
  group
    .command('members')
    .argument('<group>', GROUP_ARGUMENT)
    .summary('who is in it')
    .addHelpText('after', '\nExample:\n  terachat group members friends')
    .action(asPerson(listMembers));
  addGroupEntry(group);
  group
    .command('remove')
    .argument('<group>', GROUP_ARGUMENT)
    .argument('<actor>', 'their key or its beginning, or a profile on this machine')
    .summary('put somebody out; the keys change')
    .addHelpText('after', '\nExample:\n  terachat group remove friends bob')
    .action(asPerson(remove));
  group
    .command('leave')
    .argument('<group>', GROUP_ARGUMENT)
    .summary('go for good')
    .description(
      'Takes you out of a group. In an encrypted one the others have to change the keys: the next of them who is online does ' +
        'that by itself, and until then you are leaving.',
    )
    .addHelpText('after', '\nExample:\n  terachat group leave board')
    .action(asPerson(leave));
  group
    .command('rotate')
    .argument('<group>', GROUP_ARGUMENT)
    .summary('new keys for everyone')
    .description(
      'Renews your own keys in a group now, and with them those of everyone. Whatever reads a group does that by itself once ' +
        'yours are a week old, and so do chat and read --follow for as long as they run: see --rotate-after.',
    )
    .addHelpText('after', '\nExample:\n  terachat group rotate friends')
    .action(asPerson(rotate));
  addReinit(group);
}

function addReinit(group: Command): void {
  group
    .command('reinit')
    .argument('<group>', GROUP_ARGUMENT)
    .addOption(
      new Option('--suite <number>', 'another MLS cipher suite; 61602 is the X-Wing experiment').choices(SUITES),
    )
    .summary('go on as a new group with fresh keys')
    .description(
      'Ends an encrypted group that you own and goes on as a new one, with the same people in the same roles. For a group ' +
        'whose keys are beyond repair, or that is to have another cipher suite. Everyone comes over by themselves; what was ' +
        'said stays in the old one, which takes nothing more.',
    )
    .addHelpText('after', '\nExample:\n  terachat group reinit friends')
    .action(asPerson(reinit));
}

function addCreate(group: Command): void {
  group
    .command('create <name>')
    .summary('found a group')
    .description('Founds an end-to-end encrypted group that you own. Its name stays on this machine.')
    .option('--invite <code>', "a code of the relay's operator, where it asks for one")
    .addOption(
      new Option('--suite <number>', 'MLS cipher suite; 61602 is the X-Wing experiment').choices(SUITES).default('1'),
    )
    .addOption(
      new Option(
        '--handshakes <kind>',
        'opaque: the relay can neither read nor check how keys change; see the guide on trust',
      )
        .choices(['public', 'opaque'])
        .default('public'),
    )
    .option('--plain', 'without MLS: signed and ordered, but readable by the relay')
    .option(
      '--retention <time>',
      'how long the relay keeps what is said: 1m to 30d, as 90m, 12h or 7d (default: 30d)',
      parseRetention,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat group create friends\n  terachat group create errands --retention 7d',
    )
    .action(asPerson(createGroup));
}

async function createGroup(
  { session, profile, groups, output, signal }: Person,
  args: readonly string[],
  options: { plain?: true; suite: string; handshakes: 'public' | 'opaque'; retention?: number },
) {
  const [name] = args as [string];
  await groups.assertFree(name);
  const membership = options.plain === true ? 'plain' : 'mls';
  const { handshakes, retention: retentionMs } = options;
  const kept = retentionMs === undefined ? {} : { retentionMs };
  const suite = Number(options.suite);
  const group = await session.createGroup({ membership, suite, handshakes, ...kept, signal });
  await groups.add(name, group.id);
  const next = `Invite somebody: ${commandPrefix()} group invite ${asWord(name)} KEY --profile ${profile}`;
  const view = await group.view();
  output.result({ name, id: group.id, membership, suite: view.suite ?? null }, `Founded ${name}  ${group.id}\n${next}`);
}

/** As a shell takes it. */
function asWord(name: string): string {
  return /^[\w.:@-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

async function listGroups({ session, groups, output }: Person): Promise<void> {
  const names = await groups.all();
  const rows = await Promise.all(
    (await session.groups()).map(async ({ id, membership }) => {
      const view = await (await session.group(id)).view();
      return {
        id,
        membership,
        name: names.get(id) ?? null,
        status: view.status.kind,
        epoch: view.epoch,
        size: view.size,
        lacks: lacksOf(view),
      };
    }),
  );
  const lines = rows.map(({ id, membership, name, status, epoch, lacks }) => {
    const state = status === 'member' ? (membership === 'mls' ? `epoch ${epoch}` : 'plain') : status;
    const without = lacks.length === 0 ? '' : `  without: ${lacks.join(', ')}`;
    return `  ${(name ?? shortId(id)).padEnd(20)}  ${state.padEnd(10)}  ${id}${without}`;
  });
  output.result(rows, lines.length === 0 ? 'No groups yet.' : lines.join('\n'));
}

async function listMembers(person: Person, [name]: readonly string[]): Promise<void> {
  const group = await person.group(name as string);
  await group.catchUp({ signal: person.signal });
  const [members, accounts] = [await group.members(), await group.accounts()];
  const lines = members.map(({ actor, role, isMe, isLeaving }) => {
    const called = person.names.showMarked(actor) + (isMe ? ' (you)' : '') + (isLeaving ? ' (leaving)' : '');
    const device = deviceText(accounts, actor);
    return `  ${role.padEnd(6)}  ${called.padEnd(16)}  ${actor}${device === '' ? '' : `  ${device}`}`;
  });
  const view = await group.view();
  person.output.result(
    {
      id: group.id,
      ...headOf(view),
      lacks: lacksOf(view),
      members: members.map((member) => ({ ...member })),
      accounts: accounts.map((account) => ({ ...account, devices: account.devices.map((device) => ({ ...device })) })),
    },
    [...lines, ...accounts.map(absentText), ...weaknessesOf(view).map((weakness) => `  ${weakness}`)]
      .filter((line) => line !== '')
      .join('\n'),
  );
}

async function remove(person: Person, [name, who]: readonly string[]): Promise<void> {
  const group = await person.group(name as string);
  await group.catchUp({ signal: person.signal });
  const actor = person.names.findMember(who as string, await group.members());
  const { index } = await group.remove(actor, { signal: person.signal });
  await reportChange(person, group, { removed: actor, index }, `Removed ${person.names.show(actor)}`);
}

async function leave({ output, signal, ...person }: Person, [name]: readonly string[]): Promise<void> {
  const group = await person.group(name as string);
  const { index } = await group.leave({ signal });
  const isOut = group.membership === 'plain';
  const text = isOut
    ? `Left ${name as string}`
    : `Leaving ${name as string}: the next member who is online changes the keys without you`;
  output.result({ id: group.id, left: isOut, leaving: !isOut, index }, text);
}

async function rotate(person: Person, [name]: readonly string[]): Promise<void> {
  const group = await person.group(name as string);
  const { index } = await group.rotate({ signal: person.signal });
  await reportChange(person, group, { index }, 'Rotated the keys');
}

async function reinit(person: Person, [name]: readonly string[], options: { suite?: string }): Promise<void> {
  const { session, groups, names, output, signal } = person;
  // The group itself, also where it was ended already and its name went on: what was cut short is finished, not begun anew.
  const group = await session.group(await groups.resolve(name as string));
  const suite = options.suite === undefined ? {} : { suite: Number(options.suite) };
  const { index, successor, actors } = await group.reinit({ ...suite, signal });
  await groups.move(group.id, successor);
  const left = actors.filter(({ outcome }) => outcome !== 'invited');
  const lines = [
    `${name as string} goes on as ${successor}`,
    ...left.map(
      ({ actor, outcome }) => `Not invited: ${names.show(actor)} (${outcome}); use group invite once they were online`,
    ),
  ];
  const view = await (await session.group(successor)).view();
  const document = { id: group.id, index, successor, actors: actors.map((actor) => ({ ...actor })), ...headOf(view) };
  output.result(document, lines.join('\n'));
}
