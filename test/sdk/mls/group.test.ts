import { beforeAll, describe, expect, test } from 'vitest';
import { toHex } from '../../../core/index.ts';
import { applyCommitToLeaves, parseCommitMessage, parseGroupInfo } from '../../../core/mls/index.ts';
import {
  acceptOwnCommit,
  commit,
  decrypt,
  encrypt,
  exportSecret,
  isOwnCommit,
  joinGroup,
  makeGroupInfo,
  membersOf,
  processCommit,
  serialiseState,
  type GroupState,
} from '../../../sdk/mls/index.ts';
import {
  codeOf,
  commitAndFollow,
  foundGroup,
  groupOf,
  keyPackageOf,
  NO_DATA,
  NOW_MS,
  prepare,
  readText,
  send,
  valueOf,
  type Person,
  makeCast,
  makePerson,
  type Cast,
  treeOf,
} from './people.ts';

let people: Person[];
let { ada, bob, cem, dan, eve } = {} as Cast;
beforeAll(async () => {
  ({ ada, bob, cem, dan, eve } = await makeCast());
  people = [ada, bob, cem, dan, eve];
});

async function expectAgreement(states: readonly GroupState[], members: readonly Person[]): Promise<void> {
  const exported = await Promise.all(states.map((state) => exportSecret(state, 'test', NO_DATA, 32).then(toHex)));
  expect(new Set(exported).size).toBe(1);
  const expected = new Set(members.map(({ actor }) => toHex(actor)));
  for (const state of states) expect(new Set(membersOf(state).map(({ actor }) => toHex(actor)))).toEqual(expected);
}

describe('a group of three', () => {
  test('[ML40] everyone reads what the others say, and learns who said it', async () => {
    const states = await groupOf([ada, bob, cem]);
    for (const [index, sender] of states.entries()) {
      const { message } = await send(sender, `from ${index}`, Uint8Array.of(9));
      for (const reader of states.filter((state) => state !== sender)) {
        const read = valueOf(await decrypt(reader, message));
        expect(new TextDecoder().decode(read.plaintext)).toBe(`from ${index}`);
        expect(read).toMatchObject({ sender: sender.actor, authenticatedData: Uint8Array.of(9), epoch: 1 });
      }
    }
  });

  test('[ML41] every commit rotates the keys, also one that changes nobody', async () => {
    const before = await groupOf([ada, bob, cem]);
    const after = await commitAndFollow([before[2]!, before[0]!, before[1]!]);
    await expectAgreement(before, [ada, bob, cem]);
    await expectAgreement(after, [ada, bob, cem]);
    expect(after.map(({ epoch }) => epoch)).toEqual([2, 2, 2]);
    const secrets = [before[0]!, after[0]!].map((state) => exportSecret(state, 'test', NO_DATA, 32).then(toHex));
    expect(new Set(await Promise.all(secrets)).size).toBe(2);
  });

  test('[ML41] a commit that only adds has an update path, and so has one of a member who stays alone', async () => {
    const adding = await prepare(await foundGroup(ada), { add: [(await keyPackageOf(bob)).message] });
    const removing = await prepare(valueOf(acceptOwnCommit(await foundGroup(ada), adding)), { remove: [bob.actor] });
    for (const { commit: message } of [adding, removing]) {
      expect(valueOf(parseCommitMessage(message)).pathLeaf?.source).toBe('commit');
    }
    const alone = valueOf(parseGroupInfo(removing.groupInfo, treeOf(removing.next)));
    expect(alone.leaves.map(({ actor }) => actor)).toEqual([ada.actor]);
  });

  test('[ML41] a removed member reads nothing new, and still what was sent before', async () => {
    const [adaState, bobState, cemState] = await groupOf([ada, bob, cem]);
    const early = await send(bobState!, 'before');
    const pending = await prepare(adaState!, { remove: [cem.actor] });
    const removed = valueOf(await processCommit(cemState!, pending.commit));
    expect(removed).toMatchObject({ selfRemoved: true, removed: [cem.actor], committer: ada.actor });
    expect(removed.state.status).toBe('removed');
    expect(await readText(removed.state, early.message)).toBe('before');
    const late = await send(valueOf(acceptOwnCommit(adaState!, pending)), 'after');
    expect(await readText(removed.state, late.message)).toBe('(message-future)');
    expect(await readText(valueOf(await processCommit(bobState!, pending.commit)).state, late.message)).toBe('after');
  });

  test('[ML41] a removed member can do nothing more', async () => {
    const [adaState, , cemState] = await groupOf([ada, bob, cem]);
    const pending = await prepare(adaState!, { remove: [cem.actor] });
    const { state } = valueOf(await processCommit(cemState!, pending.commit));
    expect(codeOf(await encrypt(state, NO_DATA, NO_DATA))).toBe('not-a-member');
    expect(codeOf(await processCommit(state, pending.commit))).toBe('not-a-member');
    expect(codeOf(await commit(state, { nowMs: NOW_MS, authenticatedData: NO_DATA }))).toBe('not-a-member');
  });
});

describe('membership', () => {
  test('[ML26] who follows a commit learns whom it added, removed and gave new keys', async () => {
    const [adaState, bobState] = await groupOf([ada, bob, cem]);
    const keyPackages = await Promise.all([cem, dan].map(keyPackageOf));
    const pending = await prepare(adaState!, {
      add: keyPackages.map(({ message }) => message),
      remove: [cem.actor],
      authenticatedData: Uint8Array.of(5),
    });
    expect(valueOf(await processCommit(bobState!, pending.commit))).toMatchObject({
      committer: ada.actor,
      added: [dan.actor],
      removed: [],
      replaced: [cem.actor],
      authenticatedData: Uint8Array.of(5),
      selfRemoved: false,
    });
  });

  test('[ML62] members stay together where half of the tree is blank', async () => {
    const [, , cemState, danState] = await groupOf([ada, bob, cem, dan]);
    let states = await commitAndFollow([cemState!, danState!], { remove: [ada, bob] });
    await expectAgreement(states, [cem, dan]);
    states = await commitAndFollow([states[1]!, states[0]!], { add: [ada, eve] });
    await expectAgreement(states, [ada, cem, dan, eve]);
  });

  test('[ML62] members stay together through a long walk of changes', async () => {
    const inside = new Map<Person, GroupState>([[ada, await foundGroup(ada)]]);
    // Each step: who commits (by place among the members), and whom it adds or removes if it can.
    for (let step = 0; step < 24; step++) {
      const members = [...inside.keys()];
      const committer = members[(step * 7) % members.length]!;
      const subject = people[(step * 3 + 1) % people.length]!;
      const change = changeFor({ step, committer, subject, isMember: inside.has(subject) });
      const followers = members.filter((member) => member !== committer && !change.remove.includes(member));
      const ordered = [committer, ...followers];
      const states = await commitAndFollow(
        ordered.map((member) => inside.get(member)!),
        change,
      );
      const after = [...ordered, ...change.add];
      inside.clear();
      for (const [index, member] of after.entries()) inside.set(member, states[index]!);
      await expectAgreement(states, after);
    }
  });

  function changeFor(situation: { step: number; committer: Person; subject: Person; isMember: boolean }): {
    add: Person[];
    remove: Person[];
  } {
    const { step, committer, subject, isMember } = situation;
    if (!isMember) return { add: [subject], remove: [] };
    return { add: [], remove: subject === committer || step % 4 === 0 ? [] : [subject] };
  }

  test('[ML33] joiners get the inviter’s note, and know who that is', async () => {
    const [, bobState] = await groupOf([ada, bob]);
    const { message, privateState } = await keyPackageOf(cem);
    const pending = await prepare(bobState!, { add: [message], joinerNote: Uint8Array.of(1, 2, 3) });
    const joined = valueOf(await joinGroup(pending.welcome!, privateState, treeOf(pending.next)));
    expect(joined).toMatchObject({ inviter: bob.actor, joinerNote: Uint8Array.of(1, 2, 3) });
    expect(valueOf(parseGroupInfo(pending.groupInfo, treeOf(pending.next))).leaves).toHaveLength(3);
  });

  test('[ML90] a Welcome takes less than 400 bytes a joiner, however large the group', async () => {
    const [adaState] = await groupOf([ada, bob]);
    const joiners = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => keyPackageOf(await makePerson(80 + i))),
    );
    const sizes = [6, 12].map(async (count) => {
      const add = joiners.slice(0, count).map(({ message }) => message);
      return (await prepare(adaState!, { add })).welcome!.length;
    });
    const [few, many] = (await Promise.all(sizes)) as [number, number];
    expect((many - few) / 6).toBeLessThan(400);
    expect(few / 6).toBeLessThan(400);
  });

  test('[ML27] a Welcome is refused by whom it doesn’t address', async () => {
    const [adaState] = await groupOf([ada, bob]);
    const pending = await prepare(adaState!, { add: [(await keyPackageOf(cem)).message] });
    const other = await keyPackageOf(cem);
    expect(codeOf(await joinGroup(pending.welcome!, other.privateState))).toBe('welcome-not-addressed');
  });
});

describe('a commit of one’s own', () => {
  test('[ML44] is recognised by its bytes and not processed', async () => {
    const [adaState, bobState] = await groupOf([ada, bob]);
    const pending = await prepare(adaState!);
    expect(codeOf(await processCommit(adaState!, pending.commit))).toBe('commit-own');
    expect(isOwnCommit(pending, pending.commit.slice())).toBe(true);
    expect(isOwnCommit(pending, (await prepare(bobState!)).commit)).toBe(false);
  });

  test('[ML44] can be dropped for the winner’s without a trace', async () => {
    const [adaState, bobState] = await groupOf([ada, bob]);
    const lost = await prepare(adaState!);
    const won = await prepare(bobState!);
    const followed = valueOf(await processCommit(adaState!, won.commit)).state;
    await expectAgreement([followed, valueOf(acceptOwnCommit(bobState!, won))], [ada, bob]);
    expect(codeOf(acceptOwnCommit(followed, lost))).toBe('pending-stale');
  });

  test('[ML44] keeps keys used that were used while it was under way', async () => {
    const [adaState, bobState] = await groupOf([ada, bob]);
    const first = await send(bobState!, 'first');
    const second = await send(first.state, 'second');
    const pending = await prepare(adaState!);
    const read = valueOf(await decrypt(adaState!, first.message));
    const accepted = valueOf(acceptOwnCommit(read.state, pending));
    expect(await readText(accepted, first.message)).toBe('(message-unreadable)');
    expect(await readText(accepted, second.message)).toBe('second');
  });
});

test('[ML45] no operation changes the state that it was given', async () => {
  const [adaState, bobState] = await groupOf([ada, bob]);
  const before = serialiseState(adaState!);
  const { message } = await send(bobState!, 'hello');
  const { commit: theirs } = await prepare(bobState!);
  await send(adaState!, 'hello');
  valueOf(await decrypt(adaState!, message));
  valueOf(await processCommit(adaState!, theirs));
  valueOf(acceptOwnCommit(adaState!, await prepare(adaState!, { remove: [bob.actor] })));
  await makeGroupInfo(adaState!);
  expect(serialiseState(adaState!)).toEqual(before);
});

test('[ML26] members and relay compute one roster from a commit', async () => {
  const [adaState] = await groupOf([ada, bob, cem]);
  const previous = valueOf(parseGroupInfo(await makeGroupInfo(adaState!)));
  const pending = await prepare(adaState!, { add: [(await keyPackageOf(dan)).message], remove: [bob.actor] });
  const { leaves } = valueOf(applyCommitToLeaves(previous, valueOf(parseCommitMessage(pending.commit))));
  const next = valueOf(parseGroupInfo(pending.groupInfo, treeOf(pending.next)));
  expect([...leaves].map(([leafIndex, { encoded }]) => [leafIndex, encoded]).sort()).toEqual(
    next.leaves.map(({ leafIndex, encoded }) => [leafIndex, encoded]).sort(),
  );
});
