import {
  checkAdminRoot,
  currentRoot,
  DAY_MS,
  encodeAdminStatement,
  revokedKeysOf,
  toBase64Url,
  type AdminRotation,
  type KnownRegistry,
} from '../../core/index.ts';
import { fingerprintOf } from '../../sdk/index.ts';
import { Failure } from '../failure.ts';
import type { Output } from '../output.ts';
import type { Person } from '../person.ts';
import { carryStatement, type CarryFlags } from './carry.ts';
import { writeEnvelope } from './envelope-file.ts';
import { readPublicKey } from './key-file.ts';
import { refusalFailure } from './refusal-text.ts';
import { isAmong, tallyOf, tallyText } from './signatures.ts';
import { statementDocument, statementText } from './statement-view.ts';

export interface RotateFlags extends CarryFlags {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly threshold?: number;
  readonly days: number;
}

/** Writes the next root into a file, for the admins of both to sign. Nothing is sent. */
export async function prepareRotation(
  registry: KnownRegistry,
  file: string,
  { flags, output }: { readonly flags: RotateFlags; readonly output: Output },
): Promise<void> {
  const now = Date.now();
  const value = await nextRoot(registry, flags, now);
  const refusal = checkAdminRoot(value.root);
  if (refusal !== undefined) throw refusalFailure(refusal);
  const statement = { kind: 'rotation' as const, value };
  await writeEnvelope(file, { ...encodeAdminStatement(statement), signatures: [] });
  const tally = tallyText(tallyOf([], statement, registry));
  output.result(
    { file, ...(statementDocument(statement) as object) },
    `${statementText(statement, { registry, now })}\n\nPrepared in ${file}. It has\n${tally}`,
  );
}

async function nextRoot(
  { chain, state }: KnownRegistry,
  { add, remove, threshold, days }: RotateFlags,
  now: number,
): Promise<AdminRotation> {
  const current = currentRoot(state);
  const revoked = revokedKeysOf(state);
  const gone: Uint8Array[] = [];
  for (const text of remove) gone.push(await findAdmin(text, current.keys));
  const added: Uint8Array[] = [];
  for (const text of add) added.push(await readPublicKey(text));
  const returning = added.find((key) => isAmong(revoked, key));
  if (returning !== undefined) throw refusalFailure({ code: 'admin-key-revoked', key: returning });
  // A revoked key can't be in any root to come.
  const stay = current.keys.filter((key) => !isAmong(gone, key) && !isAmong(revoked, key));
  const root = {
    epoch: current.epoch + 1,
    keys: [...stay, ...added],
    threshold: threshold ?? current.threshold,
    expiresAt: now + days * DAY_MS,
  };
  return { registry: chain, root };
}

/** By key, by the file that it came in, or by fingerprint. */
async function findAdmin(text: string, keys: readonly Uint8Array[]): Promise<Uint8Array> {
  const key = keys.find((admin) => fingerprintOf(admin) === text.toLowerCase()) ?? (await readPublicKey(text));
  if (isAmong(keys, key)) return key;
  const message = `${fingerprintOf(key)} is no admin now.`;
  throw new Failure('failed', 'no-such-admin', message, 'terachat admin show lists them.');
}

/** Brings a signed rotation to the registry: one file, or copies that were signed apart. */
export async function appendRotation(person: Person, files: readonly string[], flags: CarryFlags): Promise<void> {
  const { registry, from } = await carryStatement(person, files, { kind: 'rotation', ...flags });
  const { index, relayTime } = await registry.rotate(from.envelope, { signal: person.signal });
  const { root } = await registry.view({ signal: person.signal });
  person.output.result(
    { registry: registry.id, index, relayTime, epoch: root.epoch, signers: from.signers.map(toBase64Url) },
    `The admins of epoch ${root.epoch} are in force, since entry ${index} of the registry.`,
  );
}
