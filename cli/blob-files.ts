import { closeSync, linkSync, openAsBlob, openSync, renameSync, rmSync, statSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { Failure } from './failure.ts';
import { codeOf, isOfSystem, reasonOf } from './system-error.ts';

/** What is to be sent. Throws where it is no file. */
export async function openFile(path: string): Promise<Blob> {
  const found = lookAt(path);
  if (found === undefined) throw unusable(path, 'read', 'there is no such file');
  if (!found.isFile()) throw unusable(path, 'read', 'it is no file');
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw unusable(path, 'read', reasonOf(cause));
  }
}

/**
 * Writes beside its place until all of it is verified: what is there is replaced whole, only where `isForced`, and only where it
 * is a file. Nothing is left of what fails.
 */
export async function writeFileWhole(
  path: string,
  segments: AsyncIterable<Uint8Array>,
  isForced: boolean,
): Promise<void> {
  const there = lookAt(path);
  // A renaming would put a file in the place of a device.
  if (there !== undefined && !there.isFile()) throw unusable(path, 'written', 'it is there, and no file');
  if (there !== undefined && !isForced) throw fileExists(path);
  const draft = `${path}.${process.pid}.part`;
  try {
    await writeDraft(draft, segments);
    if (isForced) renameSync(draft, path);
    else nameWhereFree(draft, path);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') throw fileExists(path);
    throw isOfSystem(cause) ? unusable(path, 'written', reasonOf(cause)) : cause;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Unlike a renaming, a link replaces nothing that came meanwhile. */
function nameWhereFree(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (cause) {
    if (!WITHOUT_LINKS.includes(codeOf(cause))) throw cause;
    // A USB stick has none. An empty file that nobody had takes the name, and is replaced by the whole one.
    closeSync(openSync(path, 'wx', 0o600));
    renameSync(draft, path);
  }
}

/** What file systems say that have no links: FAT, exFAT, some of networks. */
const WITHOUT_LINKS = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

async function writeDraft(draft: string, segments: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(draft, 'wx', 0o600);
  try {
    for await (const segment of segments) await file.writeFile(segment);
  } finally {
    await file.close();
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // What stands in the way is said by whoever opens it.
    return undefined;
  }
}

function fileExists(path: string): Failure {
  return new Failure('usage', 'file-exists', `${path} is there already.`, 'Name another place, or add --force.');
}

function unusable(path: string, what: 'read' | 'written', reason: string): Failure {
  return new Failure('usage', 'file-unusable', `${path} can't be ${what}: ${reason}.`);
}
