import { checkAdminRoot, DAY_MS, FIRST_ADMIN_EPOCH, toBase64Url } from '../../core/index.ts';
import { Failure } from '../failure.ts';
import { commandPrefix } from '../invocation.ts';
import { table } from '../output.ts';
import type { Person } from '../person.ts';
import { utcTimeFromNow } from '../utc-time.ts';
import { readPublicKey } from './key-file.ts';
import { foundedRegistry, pinnedRegistry, rememberRegistry } from './own-registry.ts';
import { refusalFailure } from './refusal-text.ts';
import { keyLine } from './statement-view.ts';

export interface InitFlags {
  readonly admin: readonly string[];
  readonly threshold: number;
  readonly days: number;
  readonly force?: true;
}

/** The action of `admin init`: founds a registry, and says what the relay's operator pins. */
export async function foundRegistry(
  person: Person,
  _args: readonly string[],
  { admin, threshold, days, force }: InitFlags,
): Promise<void> {
  const { session, storage, output, signal } = person;
  const keys: Uint8Array[] = [];
  for (const text of admin) keys.push(await readPublicKey(text));
  const now = Date.now();
  const expiresAt = now + days * DAY_MS;
  const refusal = checkAdminRoot({ epoch: FIRST_ADMIN_EPOCH, keys, threshold, expiresAt });
  if (refusal !== undefined) throw refusalFailure(refusal);
  if (force !== true) await requireNone(person);
  const admins = keys.map(toBase64Url);
  const { id } = await session.foundRegistry({ admins, threshold, expiresAt }, { signal });
  await rememberRegistry(storage, id);
  const facts = table([
    ['registry', id],
    ['relay', `${session.relay.name} at ${session.relay.url}`],
    ['threshold', `${threshold} of ${keys.length} keys sign`],
    ['expires', utcTimeFromNow(expiresAt, now)],
  ]);
  const lines = keys.map((key) => keyLine('key', key));
  const alone = threshold === 1 ? `\n\n${ALONE}` : '';
  output.result(
    { registry: id, epoch: FIRST_ADMIN_EPOCH, admins, threshold, expiresAt, variable: `REGISTRY = "${id}"` },
    `Founded.\n${facts}\n${lines.join('\n')}${alone}\n\n${howToPin(id)}`,
  );
}

/** Another registry has none of the first one's modules, and a relay trusts one: mostly it is a rotation that was meant. */
async function requireNone(person: Person): Promise<void> {
  const founded = await foundedRegistry(person.storage);
  const id = founded ?? (await pinnedRegistry(person));
  if (id === undefined) return;
  const whose = founded === undefined ? 'The relay trusts' : 'This profile has founded';
  throw new Failure(
    'usage',
    'registry-exists',
    `${whose} the registry ${id} already, and another one would begin without any of its modules.`,
    'To change its admins: terachat admin rotate. To found another all the same: --force',
  );
}

const ALONE = `One key alone signs: whoever steals it can publish any module. Three keys and
a threshold of 2 bear one that is stolen, and one that is lost.`;

function howToPin(id: string): string {
  return `Nothing is trusted yet. Whoever operates the relay pins the registry, and with
it these keys. In wrangler.toml, under [vars], and then npm run deploy:

  REGISTRY = "${id}"

For a relay on this machine:

  ${commandPrefix()} serve \\
    --registry ${id}`;
}
