import { encodeGroupContext } from 'ts-mls/groupContext.js';
import { equalBytes } from '../../../../core/index.ts';
import { treeHashOf } from '../../../../core/mls/index.ts';
import { newExtensions, preSharedKey, removal, requiredCapabilities } from '../../../sdk/mls/malice.ts';
import { makePerson, type Person } from '../../../sdk/mls/people.ts';
import {
  additionOf,
  commitBy,
  commitInCrew,
  draw,
  follow,
  followBundle,
  isMember,
  joinBy,
  joinFromOutside,
  propose,
  proposeBy,
  updateOf,
  type Crew,
} from './crew.ts';

/** Gives whole numbers below the bound, the same ones for the same seed. */
export type Dice = (below: number) => number;

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
}

/** People with seed bytes from 4 on: those before founded the group. */
export function makeNewcomers(): Walk['newcomer'] {
  let seed = 4;
  return () => makePerson(seed++);
}

interface Walk {
  readonly crew: Crew;
  readonly dice: Dice;
  /** Gives somebody who has never been in the group. */
  readonly newcomer: () => Promise<Person>;
}

type Step = (walk: Walk) => Promise<Crew>;

const STEPS: Readonly<Record<string, Step>> = {
  rotate: ({ crew, dice }) => commitInCrew(crew, dice(crew.members.length), {}),
  'add one': async ({ crew, dice, newcomer }) => addPeople(crew, dice, [await newcomer()]),
  'add two': async ({ crew, dice, newcomer }) => addPeople(crew, dice, [await newcomer(), await newcomer()]),
  remove: ({ crew, dice }) => {
    const { committer, other } = pickTwo(crew, dice);
    return commitInCrew(crew, committer, { proposals: [removal(leafIndexOf(crew, other))] });
  },
  'remove and add': async ({ crew, dice, newcomer }) => {
    const { committer, other } = pickTwo(crew, dice);
    const add = [await newcomer()];
    return commitInCrew(crew, committer, { add, proposals: [removal(leafIndexOf(crew, other))] });
  },
  'pre-shared key': ({ crew, dice }) => {
    const id = {
      psktype: 'external',
      pskId: new TextEncoder().encode('shared'),
      pskNonce: new Uint8Array(32),
    } as const;
    const proposals = [{ proposalType: 'psk' as const, psk: { preSharedKeyId: id } }];
    return commitInCrew(crew, dice(crew.members.length), { proposals });
  },
  'own pre-shared key': ({ crew, dice }) => {
    const { groupId: pskGroupId, epoch: pskEpoch } = crew.members[0]!.client.groupContext;
    const proposals = [preSharedKey({ psktype: 'resumption', usage: 'application', pskGroupId, pskEpoch })];
    return commitInCrew(crew, dice(crew.members.length), { proposals });
  },
  'new extensions': ({ crew, dice }) => {
    const extensions = dice(2) === 0 ? [] : [requiredCapabilities({ credentialTypes: ['x509'] })];
    return commitInCrew(crew, dice(crew.members.length), { proposals: [newExtensions(...extensions)] });
  },
  'by reference': proposeAndCommit,
  'join from outside': async ({ crew, newcomer }) => enterFromOutside(crew, await newcomer()),
  resync: ({ crew, dice }) => enterFromOutside(crew, crew.members[dice(crew.members.length)]!.person),
};

const MAX_MEMBERS = 9;

/** One step that the members can take; gives its name, and the crew after it, of which all agree on everything. */
export async function takeStep(walk: Walk): Promise<{ readonly name: string; readonly crew: Crew }> {
  const { members } = walk.crew;
  const names = Object.keys(STEPS).filter((name) => {
    if (members.length < 3) return /add (one|two)|outside|rotate/.test(name);
    return members.length + 2 <= MAX_MEMBERS || !/add|outside/.test(name);
  });
  const name = names[walk.dice(names.length)]!;
  const crew = await STEPS[name]!(walk);
  for (const { client } of crew.members) {
    if (!equalBytes(encodeGroupContext(client.groupContext), crew.group.encodedContext)) {
      throw new Error(`after ${name} a member has another GroupContext`);
    }
    if (!equalBytes(client.groupContext.treeHash, treeHashOf(crew.group.tree))) throw new Error(`tree after ${name}`);
  }
  return { name, crew };
}

function addPeople(crew: Crew, dice: Dice, add: readonly Person[]): Promise<Crew> {
  return commitInCrew(crew, dice(crew.members.length), { add });
}

/** An Update, a Remove and an Add by reference, each from another member, and a fourth in the commit itself. */
async function proposeAndCommit({ crew, dice, newcomer }: Walk): Promise<Crew> {
  const { committer, other } = pickTwo(crew, dice);
  const clients = crew.members.map(({ client }) => client);
  const person = await newcomer();
  const joiner = await draw(person);
  const update = await updateOf(clients[other]!);
  clients[other] = update.renewed;
  const removed = crew.members.findIndex((_, index) => index !== committer && index !== other);
  let { group } = crew;
  for (const [by, proposal] of [
    [other, update.proposal],
    [committer, removal(leafIndexOf(crew, removed))],
    [other, additionOf(joiner.keyPackage)],
  ] as const) {
    const made = await proposeBy(clients[by]!, proposal);
    group = propose(group, made.message);
    for (const index of clients.keys()) {
      clients[index] = index === by ? made.client : await follow(clients[index]!, made.message);
    }
  }
  const committed = await commitBy(clients[committer]!);
  const followed = followBundle(group, committed.bundle);
  const members = await Promise.all(
    crew.members.map(async (member, index) => ({
      ...member,
      client: index === committer ? committed.client : await follow(clients[index]!, committed.bundle.commit),
    })),
  );
  const joined = { person, client: await joinBy(committed.welcome!, joiner) };
  return {
    members: [...members.filter(isMember), joined],
    group: followed.group,
    groupInfo: committed.bundle.groupInfo,
  };
}

/** As a newcomer, or as a member who takes its own place anew. */
async function enterFromOutside(crew: Crew, person: Person): Promise<Crew> {
  const others = crew.members.filter((member) => member.person !== person);
  const { bundle, client } = await joinFromOutside(crew.groupInfo, person, others.length < crew.members.length);
  const followed = followBundle(crew.group, bundle);
  const members = await Promise.all(
    others.map(async (member) => ({ ...member, client: await follow(member.client, bundle.commit) })),
  );
  return { members: [...members, { person, client }], group: followed.group, groupInfo: bundle.groupInfo };
}

function pickTwo({ members }: Crew, dice: Dice): { readonly committer: number; readonly other: number } {
  const committer = dice(members.length);
  const other = (committer + 1 + dice(members.length - 1)) % members.length;
  return { committer, other };
}

function leafIndexOf({ members }: Crew, member: number): number {
  return members[member]!.client.privatePath.leafIndex;
}
