import { createReadStream } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import {
  formatDsseEnvelope,
  MAX_DSSE_CHARS,
  mergeEnvelopes,
  readAdminStatement,
  readDsseEnvelope,
  type AdminStatement,
  type DsseEnvelope,
} from '../../core/index.ts';
import { Failure } from '../failure.ts';
import { printable } from '../printable.ts';

/** What admins pass to each other: a statement with the signatures that it has so far (`AR12`). */
export interface StatementFile {
  readonly envelope: DsseEnvelope;
  readonly statement: AdminStatement;
}

/** Reads a file, or several copies of one that were signed apart. Whatever is no statement for a registry is refused. */
export async function readStatementFiles(files: readonly string[]): Promise<StatementFile> {
  const envelopes: DsseEnvelope[] = [];
  for (const file of files) envelopes.push(await readEnvelope(file));
  const merged = mergeEnvelopes(envelopes);
  if (!merged.ok) {
    const { code, at } = merged.error;
    const message =
      code === 'other-statement'
        ? `${files[at] ?? ''} says something else than ${files[0] ?? ''}: they are not copies of one statement.`
        : `${files[at] ?? ''} has more signatures than an envelope may hold.`;
    throw new Failure('failed', code, message);
  }
  return { envelope: merged.value, statement: statementIn(merged.value, files[0] ?? '') };
}

/** Writes an envelope whole or not at all. Over a file that is there only where `replaces` says so. */
export async function writeEnvelope(
  file: string,
  envelope: DsseEnvelope,
  { replaces = false }: { readonly replaces?: boolean } = {},
): Promise<void> {
  const text = formatDsseEnvelope(envelope);
  if (!replaces) return writeFile(file, text, { flag: 'wx' });
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, text, { flag: 'wx' });
  return rename(draft, file);
}

async function readEnvelope(file: string): Promise<DsseEnvelope> {
  const chunks: Buffer[] = [];
  // Of a larger file only as much as shows that it is none.
  for await (const chunk of createReadStream(file, { end: MAX_DSSE_CHARS })) chunks.push(chunk as Buffer);
  const envelope = readDsseEnvelope(Buffer.concat(chunks).toString('utf8'));
  if (envelope.ok) return envelope.value;
  const { code, reason } = envelope.error;
  const message = `${file} is no signed statement: ${REASONS[reason]}.`;
  throw new Failure('failed', code, message, 'Ask for the file again, as it was written.');
}

const REASONS = {
  'too-large': 'it is too large for one',
  'no-json': 'it is no JSON object',
  'no-envelope': 'it has not the form of a DSSE envelope',
  'no-base64': 'a part that should be base64 is none',
  'too-many-signatures': 'it has too many signatures',
} as const;

function statementIn(envelope: DsseEnvelope, file: string): AdminStatement {
  const statement = readAdminStatement(envelope);
  if (statement.ok) return statement.value;
  const { code } = statement.error;
  const message =
    code === 'unsupported-statement'
      ? `${file} is no statement for a registry, but '${printable(envelope.payloadType)}'.`
      : `What ${file} says can't be read: ${statement.error.reason} at byte ${statement.error.offset}.`;
  throw new Failure('failed', code, message, 'What can not be read is never signed.');
}
