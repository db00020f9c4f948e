import { currentRoot, encodeAdminStatement, toBase64Url, type ModuleRevocation } from '../../core/index.ts';
import { carryStatement, type CarryFlags } from '../admin/carry.ts';
import { writeEnvelope } from '../admin/envelope-file.ts';
import { readPublicKey } from '../admin/key-file.ts';
import { openRegistry } from '../admin/own-registry.ts';
import { reviewStatement } from '../admin/review.ts';
import { signersOf, tallyOf, tallyText } from '../admin/signatures.ts';
import { statementDocument, statementText } from '../admin/statement-view.ts';
import { Failure } from '../failure.ts';
import type { Person } from '../person.ts';
import { findHash } from './trust.ts';

export interface RevokeFlags extends CarryFlags {
  readonly module: readonly string[];
  readonly admin: readonly string[];
  readonly reason: ModuleRevocation['reason'];
}

/** Writes into a file what is to be taken back, for the admins to sign, unless the registry would not take it. Nothing is sent. */
export async function prepareRevocation(person: Person, file: string, flags: RevokeFlags): Promise<void> {
  if (flags.module.length + flags.admin.length === 0) {
    throw new Failure('usage', 'nothing-revoked', 'Say what to take back: --module, or the key of an --admin.');
  }
  const registry = await (await openRegistry(person, flags.registry)).known({ signal: person.signal });
  const value: ModuleRevocation = {
    registry: registry.chain,
    adminEpoch: currentRoot(registry.state).epoch,
    reason: flags.reason,
    modules: flags.module.map((text) => findHash(text, registry)),
    keys: await Promise.all(flags.admin.map(readPublicKey)),
  };
  const statement = { kind: 'revocation' as const, value };
  const envelope = { ...encodeAdminStatement(statement), signatures: [] };
  reviewStatement({ envelope, statement }, { registry, id: undefined, now: Date.now() });
  await writeEnvelope(file, envelope);
  const tally = tallyText(tallyOf(signersOf(envelope), statement, registry));
  person.output.result(
    { file, ...(statementDocument(statement) as object) },
    `${statementText(statement, { registry, now: Date.now() })}\n\nPrepared in ${file}. It has\n${tally}`,
  );
}

/** Brings a signed revocation to the registry: one file, or copies that were signed apart. */
export async function appendRevocation(person: Person, files: readonly string[], flags: CarryFlags): Promise<void> {
  const { registry, from } = await carryStatement(person, files, { ...flags, kind: 'revocation' });
  const { index, relayTime } = await registry.revoke(from.envelope, { signal: person.signal });
  person.output.result(
    { registry: registry.id, index, relayTime, signers: from.signers.map(toBase64Url) },
    `Taken back, for good, by entry ${index} of the registry.`,
  );
}
