import type { Command } from 'commander';
import { fingerprintOfActor, type Contact } from '../contacts.ts';
import { asPerson, type Person } from '../person.ts';

const ACTOR = 'their key, or what they are called here';

export function addContact(program: Command): void {
  const contact = program.command('contact').summary('name people and compare their keys');
  contact
    .command('name')
    .argument('<actor>', ACTOR)
    .argument('<name>', 'what to call them on this machine')
    .summary('give somebody a name')
    .description('Gives a key a name on this machine. Nobody else learns it.')
    .addHelpText('after', '\nExample:\n  terachat contact name KEY alice')
    .action(asPerson(name));
  contact
    .command('verify')
    .argument('<actor>', ACTOR)
    .argument('[fingerprint]', 'the one that they read out to you')
    .summary("compare somebody's key")
    .description(
      'Shows both fingerprints. Let them read out theirs, in person or on the telephone, and give it here: where it is ' +
        'the one of their key, their messages carry a mark from then on.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat contact verify bob\n  terachat contact verify bob k7fq-2mxd-xw3n-abcd',
    )
    .action(asPerson(verify));
  contact
    .command('list')
    .summary('whom you know')
    .addHelpText('after', '\nExample:\n  terachat contact list')
    .action(asPerson(list));
}

async function name({ names, output }: Person, args: readonly string[]): Promise<void> {
  const [who, called] = args as [string, string];
  const actor = names.find(who);
  await names.contacts.name(actor, called);
  output.result(view(names.contacts.of(actor)), `${called} is ${actor}`);
}

async function verify({ names, output, actor: self }: Person, args: readonly (string | undefined)[]): Promise<void> {
  const [who, fingerprint] = args as [string, string | undefined];
  const actor = names.find(who);
  if (fingerprint === undefined) {
    const text = `  ${names.show(actor)}  ${fingerprintOfActor(actor)}\n  you  ${fingerprintOfActor(self)}`;
    output.result({ ...view(names.contacts.of(actor)), ownFingerprint: fingerprintOfActor(self) }, text);
    return;
  }
  await names.contacts.verify(actor, fingerprint);
  output.result(view(names.contacts.of(actor)), `Verified: ${names.showMarked(actor)}`);
}

async function list({ names, output }: Person): Promise<void> {
  const contacts = names.contacts.all();
  const lines = contacts.map(({ actor }) => `  ${names.showMarked(actor).padEnd(20)}  ${fingerprintOfActor(actor)}`);
  output.result(contacts.map(view), lines.length === 0 ? 'No contacts yet.' : lines.join('\n'));
  return Promise.resolve();
}

function view({ actor, name: called, isVerified }: Contact) {
  return { actor, name: called ?? null, isVerified, fingerprint: fingerprintOfActor(actor) };
}
