import type { Command } from 'commander';
import { Conversation } from '../chat/conversation.ts';
import { createScreen } from '../chat/screen.ts';
import { completeCommand } from '../chat/slash-commands.ts';
import { wantsColour } from '../chat/style.ts';
import { GROUP_ARGUMENT } from '../group-names.ts';
import { itemDocument } from '../item-document.ts';
import { parseCount } from '../options.ts';
import { asPerson, type Person } from '../person.ts';

const DEFAULT_LAST = 20;

export function addChat(program: Command): void {
  program
    .command('chat')
    .argument('<group>', GROUP_ARGUMENT)
    .option('-n, --last <count>', 'how much of the history to begin with', parseCount, DEFAULT_LAST)
    .summary('talk: read and write in one place')
    .description(
      'Shows what is said as it comes and sends what you type. What you write while the relay is away is kept and sent ' +
        'later. /help inside shows the commands; Ctrl-D or Ctrl-C ends. From a pipe every line is a message.',
    )
    .addHelpText('after', '\nExamples:\n  terachat chat friends\n  tail -f deploy.log | terachat chat ops --last 1')
    .action(asPerson(chat, { offline: true }));
}

async function chat(person: Person, [name]: readonly string[], { last }: { last: number }): Promise<void> {
  const { names, output, actor: self, signal } = person;
  const group = await person.group(name as string);
  const isPlain = output.isJson || process.env['TERM'] === 'dumb';
  const screen = createScreen({ input: process.stdin, output: process.stdout, isPlain, complete: completeCommand });
  const conversation = new Conversation({
    group,
    names,
    self,
    screen,
    hasColour: wantsColour(process.stdout, process.env),
    document: output.isJson ? itemDocument : undefined,
    note: (text) => output.note(text),
  });
  const { ending, waiting } = await conversation.run(last, signal);
  const { status } = await group.view();
  if (status.kind === 'removed')
    output.note(`You were removed at entry ${status.index}; nothing later is yours to read.`);
  else if (ending === 'over') output.note('There is nothing more to read here.');
  if (waiting > 0) output.note(`${waiting} of your messages could not be sent yet; the next command sends them.`);
}
