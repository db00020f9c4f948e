import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { attachmentOf, type Message, type SealedMessage } from '../../sdk/index.ts';
import { watchConnection } from '../connection-notice.ts';
import { GROUP_ARGUMENT } from '../group-names.ts';
import { inboxDocument, inboxLines } from '../inbox-view.ts';
import { itemDocument } from '../item-document.ts';
import { parseCount } from '../options.ts';
import { asPerson, type Person } from '../person.ts';
import { hanging, printable } from '../printable.ts';

export function addMessages(program: Command): void {
  program
    .command('send')
    .argument('<group>', GROUP_ARGUMENT)
    .argument('<text>', 'what to say; - reads it from standard input')
    .summary('send a message')
    .description('Encrypts, sends, and waits until the message stands in the verified log.')
    .addHelpText('after', '\nExamples:\n  terachat send friends "hello"\n  date | terachat send friends -')
    .action(asPerson(send));
  program
    .command('read')
    .argument('<group>', GROUP_ARGUMENT)
    .option('-f, --follow', 'go on with what arrives, until Ctrl-C')
    .option('-n, --last <count>', 'only so many of the newest', parseCount)
    .summary('read messages, verified and in order')
    .addHelpText('after', '\nExamples:\n  terachat read friends --last 20\n  terachat read friends --follow')
    .action(asPerson(read));
  program
    .command('inbox')
    .option('--forget', 'forget the letters that it shows, and that something found no room')
    .summary('invitations, letters, and groups with news')
    .addHelpText('after', '\nExamples:\n  terachat inbox --profile bob\n  terachat inbox --forget')
    .action(asPerson(showInbox));
}

async function send(person: Person, [name, words]: readonly string[]): Promise<void> {
  const group = await person.group(name as string);
  const text = words === '-' ? (await readAll(process.stdin)).replace(/\n$/, '') : (words as string);
  const { index, relayTime } = await group.send(text, { signal: person.signal });
  person.output.result({ id: group.id, index, relayTime }, `Sent; entry ${index} of the verified log`);
}

async function read(
  person: Person,
  [name]: readonly string[],
  options: { follow?: true; last?: number },
): Promise<void> {
  const { output, signal } = person;
  const group = await person.group(name as string);
  if (options.follow !== true) await group.catchUp({ signal });
  const last = options.last === undefined ? {} : { last: options.last };
  let count = 0;
  const stopTelling = watchConnection(group, (_connection, words) => output.note(words));
  try {
    for await (const message of group.messages({ ...last, live: options.follow === true, signal })) {
      count++;
      output.result(itemDocument(message), formatMessage(person, message));
    }
  } catch (cause) {
    // Ctrl-C is how following ends.
    if (!signal.aborted || options.follow !== true) throw cause;
  } finally {
    stopTelling();
  }
  const { status } = await group.view();
  if (status.kind === 'removed')
    output.note(`You were removed at entry ${status.index}; nothing later is yours to read.`);
  else if (count === 0) output.note('No messages yet.');
}

async function showInbox(
  { session, groups, names, output, signal }: Person,
  _args: readonly string[],
  { forget }: { forget?: true },
): Promise<void> {
  const view = await session.inbox({ signal });
  const called = await groups.all();
  const lines = inboxLines(view, names, called);
  output.result(inboxDocument(view, called), lines.length === 0 ? 'Nothing new.' : lines.join('\n'));
  if (forget !== true) return;
  for (const letter of view.envelopes) await letter.dismiss();
  await view.overflow?.dismiss();
}

function formatMessage({ names }: Person, message: Message | SealedMessage): string {
  const who = message.isMine ? 'you' : names.showMarked(message.actor);
  const words =
    message.kind === 'message' ? (message.text ?? describeContent(message)) : `[can't be read: ${message.reason}]`;
  const head = `${timeOf(message.relayTime)}  ${who.padEnd(10)}  `;
  return head + hanging(printable(words), ' '.repeat(head.length));
}

function describeContent(message: Message): string {
  const attachment = attachmentOf(message);
  if (attachment === undefined) return `[${message.bytes.length} bytes]`;
  const { name, size, hash } = attachment;
  return `[file ${name === '' ? 'without a name' : name}, ${size} bytes; blob get ${hash}]`;
}

function timeOf(ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
