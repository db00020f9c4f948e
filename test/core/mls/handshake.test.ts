import type { Proposal } from 'ts-mls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fromBase64, sha256 } from '../../../core/index.ts';
import {
  encodeAuthenticatedData,
  handshakeSignature,
  MAX_COMMIT_BYTES,
  parseApplicationMessage,
  parseAuthenticatedData,
  parseCommitMessage,
  parseGroupInfo,
  parseProposalMessage,
  parseWelcome,
  type MlsGroupInfo,
} from '../../../core/mls/index.ts';
import { makeGroupInfo, type GroupState } from '../../../sdk/mls/index.ts';
import { commitAnything, proposeAnything, removal } from '../../sdk/mls/malice.ts';
import {
  codeOf,
  GROUP_ID,
  groupOf,
  keyPackageOf,
  makePerson,
  NOW_MS,
  prepare,
  send,
  valueOf,
  makeCast,
  type Cast,
} from '../../sdk/mls/people.ts';
import { isGenuine } from './genuine.ts';

let { ada, bob, cem } = {} as Cast;
let states: GroupState[];
let groupInfo: MlsGroupInfo;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  ({ ada, bob, cem } = await makeCast());
  states = await groupOf([ada, bob]);
  groupInfo = valueOf(parseGroupInfo(await makeGroupInfo(states[0]!)));
});
afterAll(() => vi.useRealTimers());

describe('a commit', () => {
  test('[ML20] shows its group, epoch, sender, changes and new leaf', async () => {
    const eventId = new Uint8Array(16).fill(4);
    const authenticatedData = encodeAuthenticatedData({ actor: bob.actor, eventId });
    const { message: added, ref } = await keyPackageOf(cem);
    const pending = await prepare(states[1]!, { add: [added], remove: [ada.actor], authenticatedData });
    const commit = valueOf(parseCommitMessage(pending.commit));
    expect(commit).toMatchObject({
      groupId: GROUP_ID,
      epoch: 1,
      sender: { kind: 'member', leafIndex: 1 },
      authenticatedData,
      hash: sha256(pending.commit),
      proposals: [
        { kind: 'remove', leafIndex: 0 },
        { kind: 'add', keyPackage: { actor: cem.actor, ref } },
      ],
      pathLeaf: { actor: bob.actor, source: 'commit' },
    });
    expect(pending.commitHash).toEqual(commit.hash);
  });

  test('[ML29] is signed by its sender’s leaf over the epoch that it ends', async () => {
    const commit = valueOf(parseCommitMessage((await prepare(states[1]!)).commit));
    const { groupContext, leaves } = groupInfo;
    const byBob = { key: leaves[1]!.signatureKey, groupContext };
    expect(isGenuine([handshakeSignature(commit, byBob)])).toBe(true);
    expect(isGenuine([handshakeSignature(commit, { ...byBob, key: leaves[0]!.signatureKey })])).toBe(false);
    const otherEpoch = groupContext.slice();
    otherEpoch[4 + 33 + 7]! += 1;
    expect(isGenuine([handshakeSignature(commit, { ...byBob, groupContext: otherEpoch })])).toBe(false);
  });

  test('[ML20] in a PrivateMessage, or another message in its place, is refused', async () => {
    const proposal = await proposeAnything(states[1]!, removal(0));
    const hidden = await proposeAnything(states[1]!, removal(0), false);
    expect(codeOf(parseCommitMessage(proposal.message))).toBe('mls-content-type');
    expect(codeOf(parseCommitMessage(hidden.message))).toBe('mls-wire-format');
    expect(codeOf(parseCommitMessage((await send(states[1]!, 'hello')).message))).toBe('mls-wire-format');
    expect(codeOf(parseCommitMessage(new Uint8Array(MAX_COMMIT_BYTES + 1)))).toBe('mls-too-large');
  });

  test('[ML6] a standard proposal that only reads as a custom one is refused', async () => {
    // Type 1 is Add; its one byte of data is no KeyPackage.
    const disguised: Proposal = { proposalType: 1, proposalData: Uint8Array.of(0) };
    const custom: Proposal = { proposalType: 0xf001, proposalData: Uint8Array.of(0) };
    expect(codeOf(parseCommitMessage((await commitAnything(states[1]!, [disguised])).commit))).toBe('mls-malformed');
    const { commit } = await commitAnything(states[1]!, [custom]);
    expect(valueOf(parseCommitMessage(commit)).proposals).toEqual([{ kind: 'custom', type: 0xf001 }]);
  });

  test('[ML5] one with more proposals than the limit is refused', async () => {
    const custom: Proposal = { proposalType: 0xf001, proposalData: Uint8Array.of() };
    const { commit } = await commitAnything(states[1]!, Array<Proposal>(513).fill(custom));
    expect(codeOf(parseCommitMessage(commit))).toBe('commit-proposal-list');
    const within = await commitAnything(states[1]!, Array<Proposal>(512).fill(custom));
    expect(codeOf(parseCommitMessage(within.commit))).toBe('accepted');
  });
});

describe('a proposal', () => {
  test('[ML21] shows what it proposes, under the reference that commits name it by', async () => {
    const { message, client } = await proposeAnything(states[1]!, removal(0));
    const parsed = valueOf(parseProposalMessage(message));
    expect(parsed).toMatchObject({
      groupId: GROUP_ID,
      epoch: 1,
      sender: { kind: 'member', leafIndex: 1 },
      proposal: { kind: 'remove', leafIndex: 0 },
      hash: sha256(message),
    });
    expect(Object.keys(client.unappliedProposals).map(fromBase64)).toEqual([parsed.ref]);
    const byBob = { key: groupInfo.leaves[1]!.signatureKey, groupContext: groupInfo.groupContext };
    expect(isGenuine([handshakeSignature(parsed, byBob)])).toBe(true);
  });

  test('[ML21] is no commit and no PrivateMessage', async () => {
    const hidden = await proposeAnything(states[1]!, removal(0), false);
    expect(codeOf(parseProposalMessage(hidden.message))).toBe('mls-wire-format');
    expect(codeOf(parseProposalMessage((await prepare(states[1]!)).commit))).toBe('mls-content-type');
  });
});

describe('an application message', () => {
  test('[ML22] shows its group, epoch and authenticated data', async () => {
    const { message } = await send(states[1]!, 'hello', Uint8Array.of(1, 2));
    expect(valueOf(parseApplicationMessage(message))).toEqual({
      groupId: GROUP_ID,
      epoch: 1,
      authenticatedData: Uint8Array.of(1, 2),
      hash: sha256(message),
    });
  });

  test('[ML22] is a PrivateMessage of application data, and nothing else', async () => {
    const hidden = await proposeAnything(states[1]!, removal(0), false);
    expect(codeOf(parseApplicationMessage(hidden.message))).toBe('mls-content-type');
    expect(codeOf(parseApplicationMessage((await prepare(states[1]!)).commit))).toBe('mls-wire-format');
  });
});

test('[ML27] a Welcome shows whom it addresses', async () => {
  const keyPackages = await Promise.all([cem, await makePerson(4)].map(keyPackageOf));
  const { welcome } = await prepare(states[0]!, { add: keyPackages.map(({ message }) => message) });
  const { refs, suite, hash } = valueOf(parseWelcome(welcome!));
  expect(refs).toEqual(keyPackages.map(({ ref }) => ref));
  expect([suite, hash]).toEqual([1, sha256(welcome!)]);
});

test('[ML4] authenticated data is an actor and an event id, in 48 bytes', () => {
  const data = { actor: new Uint8Array(32).fill(1), eventId: new Uint8Array(16).fill(2) };
  const bytes = encodeAuthenticatedData(data);
  expect(bytes).toEqual(Uint8Array.of(...data.actor, ...data.eventId));
  expect(parseAuthenticatedData(bytes)).toEqual(data);
  expect([0, 47, 49].map((length) => parseAuthenticatedData(new Uint8Array(length)))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
