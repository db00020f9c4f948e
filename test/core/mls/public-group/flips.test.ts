import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  addProposal,
  applyCommit,
  bootstrapGroup,
  checkNextGroupInfo,
  keyPackageSignatures,
  parseKeyPackage,
} from '../../../../core/mls/index.ts';
import { makePerson, NOW_MS, keyPackageOf } from '../../../sdk/mls/people.ts';
import { removal } from '../../../sdk/mls/malice.ts';
import { flipsOf, isGenuine } from '../genuine.ts';
import {
  additionOf,
  commitBy,
  draw,
  genuine,
  joinFromOutside,
  makeCrew,
  proposeBy,
  type Bundle,
  type Crew,
} from './crew.ts';

/** The length of a tag, and the byte that says so. */
const TAG_BYTES = 33;

let crew: Crew;
let bundle: Bundle;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  crew = await makeCrew(3);
  const { keyPackage } = await draw(await makePerson(4));
  ({ bundle } = await commitBy(crew.members[0]!.client, [removal(2), additionOf(keyPackage)]));
});
afterAll(() => vi.useRealTimers());

/** Offsets of the bytes that can be changed unseen. */
function unseen(message: Uint8Array, isAccepted: (altered: Uint8Array) => boolean): number[] {
  const offsets: number[] = [];
  for (const [offset, altered] of flipsOf(message)) if (isAccepted(altered)) offsets.push(offset);
  return offsets;
}

/** Whether the commit is followed and leads to the GroupInfo of its bundle. */
function isFollowed(commit: Uint8Array, groupInfo: Uint8Array): boolean {
  const followed = applyCommit(crew.group, commit);
  if (!followed.ok) return false;
  const signature = checkNextGroupInfo(followed.value, groupInfo);
  if (!signature.ok) return false;
  return isGenuine([...followed.value.signatures, ...followed.value.bindings, signature.value]);
}

test('[ML77] no byte of a commit outside its membership tag can be changed', () => {
  const { commit, groupInfo } = bundle;
  expect(isFollowed(commit, groupInfo)).toBe(true);
  const offsets = unseen(commit, (altered) => isFollowed(altered, groupInfo));
  // The tag's own bytes, whose truth takes secrets to tell; not the length before them.
  expect(offsets).toEqual(Array.from({ length: TAG_BYTES - 1 }, (_, index) => commit.length - TAG_BYTES + 1 + index));
});

test('[ML77] no byte of an external commit can be changed', async () => {
  const outside = await joinFromOutside(crew.groupInfo, await makePerson(5), false);
  const { commit, groupInfo } = outside.bundle;
  expect(isFollowed(commit, groupInfo)).toBe(true);
  expect(unseen(commit, (altered) => isFollowed(altered, groupInfo))).toEqual([]);
});

test('[ML77] no byte of the next GroupInfo can be changed', () => {
  const followed = genuine(applyCommit(crew.group, bundle.commit));
  const isNext = (groupInfo: Uint8Array) => {
    const signature = checkNextGroupInfo(followed, groupInfo);
    return signature.ok && isGenuine([signature.value]);
  };
  expect(isNext(bundle.groupInfo)).toBe(true);
  expect(unseen(bundle.groupInfo, isNext)).toEqual([]);
});

test('[ML77] no byte of the GroupInfo that a group is bootstrapped from can be changed', () => {
  const isSound = (groupInfo: Uint8Array) => {
    const boot = bootstrapGroup(groupInfo);
    return boot.ok && isGenuine([...boot.value.signatures, ...boot.value.bindings]);
  };
  expect(isSound(crew.groupInfo)).toBe(true);
  expect(unseen(crew.groupInfo, isSound)).toEqual([]);
});

test('[ML77] no byte of a KeyPackage can be changed', async () => {
  const { message } = await keyPackageOf(await makePerson(6));
  const isSound = (altered: Uint8Array) => {
    const keyPackage = parseKeyPackage(altered, { nowMs: NOW_MS });
    return keyPackage.ok && isGenuine(keyPackageSignatures(keyPackage.value));
  };
  expect(isSound(message)).toBe(true);
  expect(unseen(message, isSound)).toEqual([]);
});

test('[ML77] no byte of a proposal outside its membership tag can be changed', async () => {
  const { keyPackage } = await draw(await makePerson(7));
  const { message } = await proposeBy(crew.members[1]!.client, additionOf(keyPackage));
  const isSound = (altered: Uint8Array) => {
    const added = addProposal(crew.group, altered);
    return added.ok && isGenuine([...added.value.signatures, ...added.value.bindings]);
  };
  expect(isSound(message)).toBe(true);
  expect(unseen(message, isSound)).toHaveLength(TAG_BYTES - 1);
});
