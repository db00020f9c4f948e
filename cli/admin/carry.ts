import { judgeStatement, type AdminStatement } from '../../core/index.ts';
import type { Registry } from '../../sdk/index.ts';
import { Failure } from '../failure.ts';
import type { Person } from '../person.ts';
import { readStatementFiles, type StatementFile } from './envelope-file.ts';
import { openKeyFile, type KeyFlags } from './key-file.ts';
import { openRegistry } from './own-registry.ts';
import { refusalFailure } from './refusal-text.ts';
import { signersOf, tallyOf, tallyText } from './signatures.ts';

/** Options of whatever brings a signed statement to a registry. */
export interface CarryFlags extends KeyFlags {
  readonly registry?: string;
  /** An admin's key to carry by, where this profile did not found the registry. */
  readonly key?: string;
}

const CARRIED_BY = {
  rotation: 'terachat admin rotate --append',
  publication: 'terachat module publish',
  revocation: 'terachat module revoke --append',
} as const satisfies Readonly<Record<AdminStatement['kind'], string>>;

type StatementOf<Kind extends AdminStatement['kind']> = AdminStatement & { readonly kind: Kind };

/** What is carried, with the keys of those who signed it. */
interface Carried<Kind extends AdminStatement['kind']> extends StatementFile {
  readonly statement: StatementOf<Kind>;
  readonly signers: readonly Uint8Array[];
}

/** Reads what admins signed, and holds it against the registry as it stands: whatever that would refuse is refused here, in words. */
export async function carryStatement<Kind extends AdminStatement['kind']>(
  person: Person,
  files: readonly string[],
  { kind, key, ...flags }: CarryFlags & { readonly kind: Kind },
): Promise<{ readonly registry: Registry; readonly from: Carried<Kind> }> {
  const { envelope, statement } = await readStatementFiles(files);
  if (!isOfKind(statement, kind)) {
    const message = `This is a ${statement.kind}, and no ${kind}.`;
    throw new Failure('failed', 'unsupported-statement', message, `Bring it by: ${CARRIED_BY[statement.kind]}`);
  }
  const signers = signersOf(envelope);
  const carrier = key === undefined ? undefined : await openKeyFile(key, flags, person.signal);
  const registry = await openRegistry(person, flags.registry, carrier);
  const known = await registry.known({ signal: person.signal });
  const judged = judgeStatement(envelope, known, Date.now());
  if (judged.ok) return { registry, from: { envelope, statement, signers } };
  if (judged.error.code !== 'threshold-not-met') throw refusalFailure(judged.error);
  const tally = tallyText(tallyOf(signers, statement, known));
  throw new Failure(
    'failed',
    'threshold-not-met',
    `Too few admins signed:\n${tally}`,
    'terachat admin sign adds a signature.',
  );
}

function isOfKind<Kind extends AdminStatement['kind']>(
  statement: AdminStatement,
  kind: Kind,
): statement is StatementOf<Kind> {
  return statement.kind === kind;
}
