import { expect } from 'vitest';
import { memoryStorage, type Group, type Session, type Storage } from '../../sdk/index.ts';
import { secretOf } from './exporter.ts';
import { garblePathSecrets } from './garbled-paths.ts';
import { invitationTo, type Stage } from './stage.ts';

export interface Person {
  readonly session: Session;
  readonly storage: Storage;
  readonly group: Group;
}

export const actorOf = ({ session }: Pick<Person, 'session'>): string => session.identity!.actor;

/** Whoever founds a group, and those whom they invite. `fetch` is what the founder's requests go through. */
export async function groupOf(
  stage: Stage,
  size: number,
  { role = 'member', fetch }: { role?: 'member' | 'admin'; fetch?: typeof globalThis.fetch } = {},
) {
  const sessions = await Promise.all(
    Array.from({ length: size }, async (_, index) => {
      const storage = memoryStorage();
      const session = await stage.connect(storage, undefined, index === 0 && fetch ? { fetch } : {});
      await session.createIdentity();
      return { session, storage };
    }),
  );
  const [first, ...others] = sessions as [Omit<Person, 'group'>, ...Omit<Person, 'group'>[]];
  const group = await first.session.createGroup();
  await group.invite(others.map(actorOf), role);
  const joined = others.map(async (other) => ({
    ...other,
    group: await (await invitationTo(other.session, group.id)).accept(),
  }));
  return [{ ...first, group }, ...(await Promise.all(joined))] as [Person, Person, Person, ...Person[]];
}

/** Mallory rotates with a client whose paths nobody can follow; the relay has no way to see that. */
export function faultyFetch(spoil = garblePathSecrets) {
  let end = (): void => undefined;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (new Request(input, init).url.endsWith('/commits')) end();
    return globalThis.fetch(input, init);
  };
  const rotate = async ({ group }: Person) => {
    ({ end } = await spoil());
    return group.rotate();
  };
  return { fetch, rotate };
}

const epochOf = async ({ group }: Person): Promise<number> => (await group.view()).epoch;
export const caughtUp = (people: readonly Person[]): Promise<unknown> =>
  Promise.all(people.map(({ group }) => group.catchUp()));

export async function assertOneGroup(people: readonly Person[]): Promise<void> {
  // Who reads of a commit that it can't follow makes one itself, which the others have to read then.
  await caughtUp(people);
  await caughtUp(people);
  expect(new Set(await Promise.all(people.map(epochOf))).size).toBe(1);
  const secrets = await Promise.all(people.map(({ storage, group }) => secretOf(storage, group.id)));
  expect(new Set(secrets).size).toBe(1);
  for (const { group } of people) expect((await group.view()).status.kind).toBe('member');
}
