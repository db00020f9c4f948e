import type { Command } from 'commander';
import type { Replacement } from '../../sdk/index.ts';
import { Contacts } from '../contacts.ts';
import { GroupNames, shortId } from '../group-names.ts';
import { commandPrefix } from '../invocation.ts';
import { makeProfile } from '../new-profile.ts';
import { globalOptions, type GlobalOptions } from '../options.ts';
import { asPerson, type Person } from '../person.ts';

interface ReplaceFlags {
  readonly as: string;
  readonly name?: string;
}

/** Another key for the device of this profile. */
export function addReplacement(device: Command): void {
  device
    .command('replace')
    .requiredOption('--as <profile>', 'the profile that has the new key')
    .option('--name <name>', 'what to call the device; like its profile where it is not said')
    .summary('give this device another key')
    .description(
      'Draws a key as a profile of its own, lets it into your account and into the groups in which you may invite, and then ' +
        'revokes the key of this profile, which keeps what was said until then. Where others have to invite the new key, it ' +
        'says so and revokes nothing yet.',
    )
    .addHelpText('after', '\nExample:\n  terachat device replace --as laptop-2 --profile laptop')
    .action((...args: unknown[]) => {
      const options = globalOptions(args.at(-1) as Command);
      return asPerson<ReplaceFlags>((person, _args, flags) => replace(person, options, flags))(...args);
    });
}

async function replace(person: Person, options: GlobalOptions, { as, name = as }: ReplaceFlags): Promise<void> {
  const { session, groups, names, output, signal } = person;
  const beginning = { relay: session.relay.url };
  await makeProfile({ ...options, profile: as }, beginning, async (fresh, interrupt, storage) => {
    output.note('Letting the new key in …');
    const replacement = await session.replaceBy(fresh, { name, signal: AbortSignal.any([signal, interrupt]) });
    const called = await groups.all();
    const theirs = new GroupNames(storage);
    for (const { id } of await fresh.groups()) await theirs.add(called.get(id) ?? shortId(id), id);
    await (await Contacts.load(storage)).adopt(names.contacts);
    const { identity } = fresh;
    const { revokedAt = null } = replacement;
    const moved = replacement.groups.map((group) => ({ ...group }));
    const text = textOf(replacement, { as, old: options.profile, key: person.actor, called });
    output.result({ profile: as, ...identity, groups: moved, revokedAt }, text);
    return identity;
  });
}

interface Places {
  readonly as: string;
  readonly old: string;
  readonly key: string;
  readonly called: ReadonlyMap<string, string>;
}

function textOf({ groups, revokedAt }: Replacement, { as, old, key, called }: Places): string {
  const stayed = groups.filter(({ outcome }) => outcome !== 'moved');
  if (revokedAt !== undefined)
    return `You go on as profile '${as}'. The key of '${old}' is out of your account and its groups.`;
  const lines = stayed.map(({ group, outcome }) => `  ${called.get(group) ?? group}  (${outcome})`);
  return `The new key is profile '${as}'. It could not be brought into:
${lines.join('\n')}
Have it invited there, then revoke the old one:
  ${commandPrefix()} device revoke ${key} --reason replaced --profile ${as}`;
}
