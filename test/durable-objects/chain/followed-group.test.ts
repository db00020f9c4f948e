import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sha256, toHex } from '../../../core/index.ts';
import { applyCommit } from '../../../core/mls/index.ts';
import { FollowedGroup } from '../../../durable-objects/chain/followed-group.ts';
import { commitBy, makeCrew } from '../../core/mls/public-group/crew.ts';
import { NOW_MS, valueOf } from '../../sdk/mls/people.ts';

beforeAll(() => vi.setSystemTime(NOW_MS));
afterAll(() => vi.useRealTimers());

/** What an object has stored, and how often it was read. */
function makeStore(...messages: readonly Uint8Array[]) {
  const bytesByHash = new Map(messages.map((bytes) => [toHex(sha256(bytes)), bytes]));
  const reads: string[] = [];
  const read = (hash: Uint8Array) => {
    reads.push(toHex(hash));
    return bytesByHash.get(toHex(hash));
  };
  return { read, reads };
}

test('[MB2] the group in memory is the one of the GroupInfo that the state names, or is made of it', async () => {
  const crew = await makeCrew(2);
  const { bundle } = await commitBy(crew.members[0]!.client);
  const [before, after] = [sha256(crew.groupInfo), sha256(bundle.groupInfo)];
  const { read, reads } = makeStore(crew.groupInfo, bundle.groupInfo);
  const followed = new FollowedGroup(read);
  expect(followed.at(before)?.encodedContext).toEqual(crew.group.encodedContext);
  expect(followed.at(before)?.encodedContext).toEqual(crew.group.encodedContext);
  expect(reads).toHaveLength(1);
  const { group } = valueOf(applyCommit(crew.group, bundle.commit));
  followed.keep(after, group);
  expect(followed.at(after)).toBe(group);
  expect(reads).toHaveLength(1);
  expect(followed.at(before)?.context.epoch).toBe(1n);
  expect(followed.at(after)?.tree).toEqual(group.tree);
  expect(reads).toHaveLength(3);
});

test('[MB2] a GroupInfo that is not stored, or not what the state names, founds no group', async () => {
  const { groupInfo } = await makeCrew(1);
  expect(new FollowedGroup(() => undefined).at(sha256(groupInfo))).toBeUndefined();
  const altered = new FollowedGroup(() => groupInfo);
  expect(() => altered.at(new Uint8Array(32))).toThrow('not the one that the state names');
});
