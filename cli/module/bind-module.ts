import { existsSync } from 'node:fs';
import { sha256, toBase64Url } from '../../core/index.ts';
import { openRegistry } from '../admin/own-registry.ts';
import { Failure } from '../failure.ts';
import type { Person } from '../person.ts';
import { readPolicyModule } from './module-file.ts';
import { findHash } from './trust.ts';

export interface BindFlags {
  readonly guard: readonly string[];
  readonly registry?: string;
  readonly none?: true;
}

/** Puts a module in force in a group, another version in its place, or none. */
export async function bindModule(
  person: Person,
  [name, module]: readonly [string, string | undefined],
  { guard: guards, registry, none }: BindFlags,
): Promise<void> {
  if ((module === undefined) !== (none === true)) {
    throw new Failure('usage', 'bind-what', 'Name the module to put in force, or say --none.');
  }
  const { output, signal } = person;
  const group = await person.group(name);
  if (module === undefined) {
    const { index } = await group.policy.unbind({ signal });
    output.result(
      { group: group.id, module: null, index },
      `No policy is in force in ${name} any more, since entry ${index}.`,
    );
    return;
  }
  const hash = await hashOf(person, module, registry);
  const options = { guards, signal, ...(registry !== undefined && { registry }) };
  const { index } = await group.policy.bind(hash, options);
  const also = guards.length === 0 ? '' : ` It has to let through: ${guards.join(', ')}.`;
  output.result(
    { group: group.id, module: hash, guards, index },
    `The policy ${module} is in force in ${name}, since entry ${index}.${also}`,
  );
}

/** By its file, its hash, or what the registry calls it. */
async function hashOf(person: Person, module: string, named: string | undefined): Promise<string> {
  if (existsSync(module)) return toBase64Url(sha256((await readPolicyModule(module)).bytes));
  const registry = await (await openRegistry(person, named)).known({ signal: person.signal });
  return toBase64Url(findHash(module, registry));
}
