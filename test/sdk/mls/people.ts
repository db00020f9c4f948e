import { encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { parseActorKey, publicKeyOf, signEd25519, type ActorKey, type Result } from '../../../core/index.ts';
import { DEFAULT_SUITE } from '../../../core/mls/index.ts';
import {
  acceptOwnCommit,
  commit,
  createGroup,
  createMlsIdentity,
  decrypt,
  encrypt,
  joinGroup,
  newKeyPackage,
  processCommit,
  type CommitRequest,
  type GroupState,
  type MlsIdentity,
  type MadeCommit,
  type NewKeyPackage,
} from '../../../sdk/mls/index.ts';
import { openState } from '../../../sdk/mls/open-state.ts';

export const NOW_MS = Date.UTC(2026, 0, 1);
export const GROUP_ID = new Uint8Array(32).fill(7);
export const NO_DATA = new Uint8Array();

export interface Person {
  readonly actor: ActorKey;
  readonly identity: MlsIdentity;
}

/** A person with a key of their own: a number stands for the whole seed. */
export async function makePerson(seedByte: number, suite = DEFAULT_SUITE): Promise<Person> {
  const seed = new Uint8Array(32).fill(seedByte);
  const actor = parseActorKey(publicKeyOf(seed))!;
  const signer = { actor, sign: (message: Uint8Array) => signEd25519(seed, message) };
  return { actor, identity: await createMlsIdentity(signer, suite) };
}

const NAMES = ['ada', 'bob', 'cem', 'dan', 'eve'] as const;
export type Cast = Readonly<Record<(typeof NAMES)[number], Person>>;

/** Five people who play in most of the stories; Ada has seed byte 1, Bob 2, and so on. */
export async function makeCast(): Promise<Cast> {
  const people = await Promise.all(NAMES.map(async (name, index) => [name, await makePerson(index + 1)] as const));
  return Object.fromEntries(people) as unknown as Cast;
}

export function valueOf<T, E>(result: Result<T, E>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

export function codeOf<T>(result: Result<T, { readonly code: string }>): string {
  return result.ok ? 'accepted' : result.error.code;
}

export async function foundGroup(person: Person): Promise<GroupState> {
  return (await createGroup({ groupId: GROUP_ID, identity: person.identity, nowMs: NOW_MS })).state;
}

/** As a relay serves it. */
export function treeOf(state: GroupState): Uint8Array {
  return encodeRatchetTree(openState(state).client.ratchetTree);
}

export function keyPackageOf(person: Person): Promise<NewKeyPackage> {
  return newKeyPackage(person.identity, { nowMs: NOW_MS });
}

export async function prepare(state: GroupState, request: Partial<CommitRequest> = {}): Promise<MadeCommit> {
  return valueOf(await commit(state, { nowMs: NOW_MS, authenticatedData: NO_DATA, ...request }));
}

/** A commit by the first state that all the others follow; gives the states in the same order, then the joiners'. */
export async function commitAndFollow(
  states: readonly GroupState[],
  request: { readonly add?: readonly Person[]; readonly remove?: readonly Person[] } = {},
): Promise<GroupState[]> {
  const [committer, ...others] = states;
  const keyPackages = await Promise.all((request.add ?? []).map(keyPackageOf));
  const pending = await prepare(committer!, {
    add: keyPackages.map(({ message }) => message),
    remove: (request.remove ?? []).map(({ actor }) => actor),
  });
  const followed = [valueOf(acceptOwnCommit(committer!, pending))];
  for (const state of others) followed.push(valueOf(await processCommit(state, pending.commit)).state);
  for (const { privateState } of keyPackages) {
    followed.push(valueOf(await joinGroup(pending.welcome!, privateState, treeOf(pending.next))).state);
  }
  return followed;
}

/** One group with these members, the first of whom founded it. */
export async function groupOf(people: readonly Person[]): Promise<GroupState[]> {
  const [founder, ...others] = people;
  return commitAndFollow([await foundGroup(founder!)], { add: others });
}

export async function send(state: GroupState, text: string, authenticatedData: Uint8Array = NO_DATA) {
  return valueOf(await encrypt(state, new TextEncoder().encode(text), authenticatedData));
}

/** What the message says to the holder of this state, or the code of the refusal. */
export async function readText(state: GroupState, message: Uint8Array): Promise<string> {
  const read = await decrypt(state, message);
  return read.ok ? new TextDecoder().decode(read.value.plaintext) : `(${read.error.code})`;
}
