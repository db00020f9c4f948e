import type { Group, OutgoingMessage } from '../../sdk/index.ts';
import { fingerprintOfActor } from '../contacts.ts';
import { Failure } from '../failure.ts';
import type { ActorNames } from '../names.ts';
import { table } from '../output.ts';
import { MARKS } from './transcript.ts';

export interface CommandContext {
  readonly group: Group;
  readonly names: ActorNames;
  readonly self: string;
  readonly print: (text: string) => void;
  /** Own messages that were refused for good. */
  readonly failed: readonly OutgoingMessage[];
  readonly signal: AbortSignal;
}

interface SlashCommand {
  readonly usage: string;
  readonly meaning: string;
  run(context: CommandContext, args: readonly string[]): Promise<'quit' | undefined>;
}

const COMMANDS: Readonly<Record<string, SlashCommand>> = {
  help: { usage: '/help', meaning: 'this', run: help },
  members: { usage: '/members', meaning: 'who is in the group', run: members },
  verify: { usage: '/verify [WHO [FINGERPRINT]]', meaning: 'compare keys; marks them as verified', run: verify },
  name: { usage: '/name WHO NAME', meaning: 'what to call somebody on this machine', run: name },
  retry: { usage: '/retry', meaning: 'send again what has failed', run: retry },
  forget: { usage: '/forget', meaning: 'give up what has failed', run: forget },
  leave: { usage: '/leave yes', meaning: 'leave the group for good', run: leave },
  quit: { usage: '/quit', meaning: 'end; Ctrl-C and Ctrl-D do too', run: () => Promise.resolve('quit') },
};

/** Runs a line that begins with a slash. */
export async function runCommand(line: string, context: CommandContext): Promise<'quit' | undefined> {
  const [word = '', ...args] = line.slice(1).trim().split(/\s+/);
  const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (command !== undefined) return command.run(context, args);
  throw new Failure(
    'usage',
    'unknown-command',
    `There is no /${word}.`,
    'See /help. Two slashes begin a message with one.',
  );
}

/** Commands that a line may become. */
export function completeCommand(line: string): readonly string[] {
  if (!line.startsWith('/')) return [];
  return Object.keys(COMMANDS).flatMap((word) => (`/${word}`.startsWith(line) ? [`/${word}`] : []));
}

async function help({ print }: CommandContext): Promise<undefined> {
  const commands = Object.values(COMMANDS).map(({ usage, meaning }) => [usage, meaning] as const);
  const marks = `${MARKS.queued} queued  ${MARKS.sent} sent  ${MARKS.delivered} delivered  ${MARKS.failed} failed`;
  print(
    `${table(commands, '')}\nAlt-Enter begins a new line. ${marks}\n✓ behind a name: their key was compared with /verify, or is of this machine.`,
  );
  return Promise.resolve(undefined);
}

async function members({ group, names, print }: CommandContext): Promise<undefined> {
  const rows = (await group.members()).map(({ actor, role, isMe, isLeaving }) => {
    return [
      names.showMarked(actor) + (isMe ? ' (you)' : '') + (isLeaving ? ' (leaving)' : ''),
      `${role.padEnd(6)}  ${fingerprintOfActor(actor)}`,
    ] as const;
  });
  print(table(rows, ''));
  return undefined;
}

async function verify(context: CommandContext, [who, fingerprint]: readonly string[]): Promise<undefined> {
  const { group, names, self, print } = context;
  if (who === undefined) return members(context);
  const actor = names.findMember(who, await group.members());
  if (fingerprint === undefined) {
    print(`${table(
      [
        [names.show(actor), fingerprintOfActor(actor)],
        ['you', fingerprintOfActor(self)],
      ],
      '',
    )}
Let them read out theirs, in person or on the telephone, then: /verify ${who} FINGERPRINT`);
    return undefined;
  }
  await names.contacts.verify(actor, fingerprint);
  print(`Verified: ${names.showMarked(actor)}`);
  return undefined;
}

async function name({ group, names, print }: CommandContext, [who, called]: readonly string[]): Promise<undefined> {
  if (who === undefined || called === undefined)
    throw new Failure('usage', 'name-whom', 'Say whom, and the name:', '/name WHO NAME');
  const actor = names.findMember(who, await group.members());
  await names.contacts.name(actor, called);
  print(`${who} is ${names.showMarked(actor)} from here on.`);
  return undefined;
}

async function retry({ group, failed }: CommandContext): Promise<undefined> {
  for (const { eventId } of failed) await group.retry(eventId);
  return undefined;
}

async function forget({ group, failed }: CommandContext): Promise<undefined> {
  for (const { eventId } of failed) await group.cancel(eventId);
  return undefined;
}

async function leave({ group, print, signal }: CommandContext, [word]: readonly string[]): Promise<'quit' | undefined> {
  if (word !== 'yes') {
    print(
      'You would read and write nothing here any more, until somebody invites you again.\nIf you mean it: /leave yes',
    );
    return undefined;
  }
  await group.leave({ signal });
  print(
    group.membership === 'plain'
      ? 'You left.'
      : 'You are leaving: the next member who is online changes the keys without you.',
  );
  return 'quit';
}
