import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import { attachmentOf, MAX_ATTACHMENT_CONTENT_BYTES, type Attachment, type Group } from '../../sdk/index.ts';
import { openFile, writeFileWhole } from '../blob-files.ts';
import { PIPE, readInput, refuseTerminal, writeOutput } from '../blob-pipes.ts';
import { Failure } from '../failure.ts';
import { formatBytes } from '../format-bytes.ts';
import { GROUP_ARGUMENT } from '../group-names.ts';
import { asPerson, type Person } from '../person.ts';
import { printable } from '../printable.ts';
import { TerminalLine } from '../terminal-line.ts';
import { TransferBar } from '../transfer-bar.ts';

export function addBlob(program: Command): void {
  const blob = program.command('blob').summary('send files to an encrypted group, and fetch them');
  blob
    .command('put')
    .argument('<group>', GROUP_ARGUMENT)
    .argument('<file>', 'what to send, up to 100 MiB; - for standard input, which needs --name')
    .option('--name <name>', 'what to call it (default: the name of the file)')
    .addOption(new Option('--type <type>', 'its media type, such as image/jpeg').default('', 'none'))
    .summary('send a file')
    .description(
      'Encrypts the file with a key of its own, brings it to the relay, and sends the key to the group. Goes on where a ' +
        'connection breaks off. The relay keeps it for as long as what is said in the group. Standard input is read to its end before anything is sent, and kept ' +
        'in memory alone: after a failure it has to be piped in again.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat blob put friends harbour.jpg\n  tar c boats | terachat blob put friends - --name boats.tar',
    )
    .action(asPerson(putBlob));
  blob
    .command('get')
    .argument('<group>', GROUP_ARGUMENT)
    .argument('<file>', 'its hash, as read and blob put show it, or the name of the newest of that name')
    .argument('[target]', 'where to write it; - for standard output (default: its own name, in this folder)')
    .option('--force', 'write over a file that is there, or to a terminal')
    .summary('fetch a file')
    .description(
      'Fetches and verifies a file that a message of the group brought. Nothing is left of one that does not verify.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat blob get friends harbour.jpg seen.jpg\n  terachat blob get friends boats.tar - | tar x',
    )
    .action(asPerson(getBlob));
}

async function putBlob(
  person: Person,
  [group = '', path = '']: readonly string[],
  { name, type }: { name?: string; type: string },
): Promise<void> {
  const { output, signal } = person;
  if (path === PIPE && name === undefined) throw nameless();
  const file = path === PIPE ? undefined : await openFile(path);
  const bar = new TransferBar('sending', output.isJson);
  try {
    const { blobs, id } = await person.group(group);
    const content = file ?? (await readPiped(person));
    const options = { name: name ?? basename(path), mediaType: type, signal };
    const sent = await blobs.put(content, { ...options, onProgress: (progress) => bar.show(progress) });
    bar.end();
    const { hash, size, name: called } = sent.attachment;
    const { index, relayTime } = sent;
    const text = `Sent ${size} bytes; entry ${index} of the verified log\n  ${hash}`;
    output.result({ id, index, relayTime, hash, size, name: called }, text);
  } catch (cause) {
    const hint = file === undefined ? 'Pipe it in again: nothing of it is kept.' : undefined;
    // Once all of it is there the message may be under way.
    throw signal.aborted && !bar.isFull ? stopped('the group was told nothing', hint) : cause;
  } finally {
    bar.end();
  }
}

function nameless(): Failure {
  const hint = 'Say what the group sees it called: --name boats.tar';
  return new Failure('usage', 'name-missing', 'What comes over standard input has no name.', hint);
}

/** How much of it there will be nobody knows, so people are shown how much has come. */
async function readPiped({ output, signal }: Person): Promise<Blob> {
  const line = new TerminalLine(output.isJson);
  try {
    return await readInput(process.stdin, {
      limit: MAX_ATTACHMENT_CONTENT_BYTES,
      signal,
      onBytes: (bytes) => line.show(`reading ${formatBytes(bytes)}`),
    });
  } finally {
    line.end();
  }
}

async function getBlob(
  person: Person,
  [groupName = '', wanted = '', target]: readonly string[],
  { force }: { force?: true },
): Promise<void> {
  const { output, signal } = person;
  if (target === PIPE && force !== true) refuseTerminal(process.stdout);
  const group = await person.group(groupName);
  await group.catchUp({ signal });
  const attachment = await findAttachment(group, wanted);
  const path = target ?? fileNameOf(attachment);
  const bar = new TransferBar('fetching', output.isJson);
  try {
    const segments = group.blobs.read(attachment, { signal, onProgress: (progress) => bar.show(progress) });
    await (path === PIPE ? writeOutput(process.stdout, segments) : writeFileWhole(path, segments, force === true));
  } catch (cause) {
    throw signal.aborted && path !== PIPE ? stopped('nothing was written') : cause;
  } finally {
    bar.end();
  }
  const { hash, size, name } = attachment;
  if (path !== PIPE) output.result({ path, hash, size, name }, `Wrote ${size} verified bytes to ${printable(path)}`);
}

/** A transfer goes on where its connection breaks, but not in another process: only this one has what was encrypted, or verified. */
function stopped(left: string, hint = 'The same command begins anew.'): Failure {
  return new Failure('interrupted', 'interrupted', `stopped; ${left}`, hint);
}

/** By its hash; or the newest that its sender calls so. */
async function findAttachment(group: Group, wanted: string): Promise<Attachment> {
  let found: Attachment | undefined;
  for await (const message of group.messages()) {
    const attachment = attachmentOf(message);
    if (attachment?.hash === wanted) return attachment;
    if (attachment?.name === wanted) found = attachment;
  }
  if (found !== undefined) return found;
  throw new Failure(
    'failed',
    'no-such-blob',
    `No message of the group brought '${wanted}'.`,
    'terachat read shows what came.',
  );
}

/** What a sender calls it may lead anywhere: only the last part counts, and only where that is a name. */
function fileNameOf({ name, hash }: Attachment): string {
  const last = basename(name.replaceAll('\\', '/'));
  const isName = last !== '' && last !== '.' && last !== '..' && !/^[.-]|\p{Cc}/u.test(last);
  return isName ? last : hash;
}
