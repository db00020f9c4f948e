import { beforeAll, describe, expect, test } from 'vitest';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { toHex } from '../../../core/index.ts';
import { parseOpaqueCommit, parseOpaqueProposal } from '../../../core/mls/index.ts';
import {
  acceptOwnCommit,
  exportSecret,
  joinGroup,
  membersOf,
  parsePendingCommit,
  parseState,
  processCommit,
  processProposal,
  proposeLeave,
  serialisePendingCommit,
  serialiseState,
  treeHashOf,
  type GroupState,
} from '../../../sdk/mls/index.ts';
import { openState } from '../../../sdk/mls/open-state.ts';
import { padmeLength } from '../../../sdk/mls/padding.ts';
import { proposeAnything, removal } from './malice.ts';
import {
  codeOf,
  groupOf,
  keyPackageOf,
  makeCast,
  NO_DATA,
  prepare,
  readText,
  send,
  valueOf,
  type Cast,
} from './people.ts';

let { ada, bob, cem, dan } = {} as Cast;
let [adas, bobs, cems] = [] as unknown as [GroupState, GroupState, GroupState];
beforeAll(async () => {
  ({ ada, bob, cem, dan } = await makeCast());
  [adas, bobs, cems] = (await groupOf([ada, bob, cem])) as [GroupState, GroupState, GroupState];
});

const opaque = { handshakes: 'opaque' } as const;
const data = Uint8Array.of(1, 2, 3);
const follow = (state: GroupState, commit: Uint8Array) => processCommit(state, commit, 'opaque');
const secretOf = async (state: GroupState) => toHex(await exportSecret(state, 'test', NO_DATA, 32));

function privateMessageOf(bytes: Uint8Array) {
  const message = decodeMlsMessage(bytes, 0)?.[0];
  if (message?.wireformat !== 'mls_private_message') throw new Error('no PrivateMessage');
  return message.privateMessage;
}

describe('an opaque commit', () => {
  test('[ML100] shows group, epoch and event, and its length to the next step of the padding', async () => {
    const rotation = await prepare(adas, { ...opaque, authenticatedData: data });
    const { hash: _hash, ...shown } = valueOf(parseOpaqueCommit(rotation.commit));
    expect(shown).toEqual({ groupId: adas.groupId, epoch: 1, authenticatedData: data });
    const removing = await prepare(adas, { ...opaque, remove: [cem.actor] });
    for (const { commit } of [rotation, removing]) {
      const tagBytes = 16;
      const length = privateMessageOf(commit).ciphertext.length - tagBytes;
      expect(padmeLength(length)).toBe(length);
    }
  });

  test('[ML102] [ML103] adds, rotates and removes; the joiner finds the tree in its Welcome, and nobody uploads one', async () => {
    const keyPackage = await keyPackageOf(dan);
    const made = await prepare(adas, { ...opaque, add: [keyPackage.message], authenticatedData: data });
    expect(made.groupInfo).toHaveLength(0);
    const [his, cemsNext] = await Promise.all([bobs, cems].map(async (state) => follow(state, made.commit)));
    expect(valueOf(his!)).toMatchObject({
      committer: ada.actor,
      added: [dan.actor],
      removed: [],
      addedKeyPackages: [{ actor: dan.actor, keyPackageRef: keyPackage.ref }],
      authenticatedData: data,
      treeHash: made.treeHash,
    });
    const { state: dans, inviter } = valueOf(await joinGroup(made.welcome!, keyPackage.privateState));
    expect(inviter).toEqual(ada.actor);
    const hers = valueOf(acceptOwnCommit(made.spent, made));
    const four = [hers, valueOf(his!).state, valueOf(cemsNext!).state, dans];
    expect(new Set(await Promise.all(four.map(secretOf))).size).toBe(1);
    const removing = await prepare(dans, { ...opaque, remove: [cem.actor] });
    const out = valueOf(await follow(four[2]!, removing.commit));
    expect(out).toMatchObject({ selfRemoved: true, treeHash: undefined, state: { status: 'removed' } });
    const next = [hers, four[1]!].map(async (state) => valueOf(await follow(state, removing.commit)).state);
    const left = [valueOf(acceptOwnCommit(removing.spent, removing)), ...(await Promise.all(next))];
    expect(new Set(await Promise.all(left.map(secretOf))).size).toBe(1);
    expect(membersOf(left[0]!).map(({ actor }) => actor)).toEqual([ada.actor, bob.actor, dan.actor]);
    expect(treeHashOf(left[1]!)).toEqual(removing.treeHash);
  });

  test('[ML104] uses up its key: another one of the same epoch has the next, whichever of them wins', async () => {
    const first = await prepare(adas, opaque);
    const second = await prepare(first.spent, opaque);
    for (const made of [first, second]) expect(valueOf(await follow(bobs, made.commit)).state.epoch).toBe(2);
    // What is sent in between is read in the epoch that ends, and after it.
    const said = await send(second.spent, 'meanwhile');
    const hers = valueOf(acceptOwnCommit(said.state, second));
    const his = valueOf(await follow(bobs, second.commit)).state;
    expect(await readText(his, said.message)).toBe('meanwhile');
    expect(await secretOf(hers)).toBe(await secretOf(his));
    // A state that did not keep it would encrypt under the same key again, which is what readers notice.
    const generationOf = ({ client }: ReturnType<typeof openState>) =>
      client.secretTree[2 * client.privatePath.leafIndex]?.handshake.generation;
    expect([adas, first.spent, second.spent].map((state) => generationOf(openState(state)))).toEqual([0, 1, 2]);
  });

  test('[ML45] is refused where it was changed, is of another epoch or one’s own, and changes nothing then', async () => {
    const { commit, spent } = await prepare(adas, opaque);
    const message = privateMessageOf(commit);
    const flipped = message.ciphertext.map((byte, at) => (at === 9 ? byte ^ 1 : byte));
    const forged = [
      { ...message, ciphertext: flipped },
      { ...message, authenticatedData: data },
      { ...message, encryptedSenderData: message.encryptedSenderData.map((byte) => byte ^ 1) },
    ];
    for (const privateMessage of forged) {
      const bytes = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
      expect(await follow(bobs, bytes)).toEqual({
        ok: false,
        error: { code: 'commit-unprocessable', fault: 'other' },
      });
    }
    const his = valueOf(await follow(bobs, commit)).state;
    expect(codeOf(await follow(his, commit))).toBe('commit-stale');
    const next = await prepare(his, opaque);
    expect(codeOf(await follow(bobs, next.commit))).toBe('commit-future');
    expect(codeOf(await follow(adas, commit))).toBe('commit-own');
    expect(codeOf(await follow(spent, commit))).toBe('commit-unprocessable');
  });

  test('[ML100] is the only kind that is followed, and is none where handshakes are public', async () => {
    const [hidden, shown] = [await prepare(adas, opaque), await prepare(adas)];
    expect(codeOf(await processCommit(bobs, hidden.commit))).toBe('mls-wire-format');
    expect(codeOf(await follow(bobs, shown.commit))).toBe('mls-wire-format');
    const said = await send(adas, 'no commit');
    expect(codeOf(await follow(bobs, said.message))).toBe('mls-content-type');
    expect(shown.spent).toBe(adas);
  });

  test('[ML47] survives a restart with what it leads to', async () => {
    const made = await prepare(adas, opaque);
    const pending = valueOf(parsePendingCommit(serialisePendingCommit(made)));
    const spent = valueOf(parseState(serialiseState(made.spent)));
    expect(pending.groupInfo).toHaveLength(0);
    expect(await secretOf(valueOf(acceptOwnCommit(spent, pending)))).toBe(await secretOf(made.next));
  });
});

describe('an opaque proposal', () => {
  const leave = async (state: GroupState) => valueOf(await proposeLeave(state, data, 'opaque'));
  const take = async (state: GroupState, message: Uint8Array) =>
    valueOf(await processProposal(state, message, 'opaque'));

  test('[ML80] to leave is committed by reference, with the leaver’s own signature', async () => {
    const { message, ref, state: leaving } = await leave(bobs);
    expect(valueOf(parseOpaqueProposal(message))).toMatchObject({ epoch: 1, authenticatedData: data });
    const informed = await take(adas, message);
    expect(informed).toMatchObject({ ref, proposer: bob.actor, authenticatedData: data });
    const made = await prepare(informed.state, { ...opaque, remove: [bob.actor] });
    expect(codeOf(await follow(cems, made.commit))).toBe('commit-proposal');
    const others = valueOf(await follow((await take(cems, message)).state, made.commit));
    expect(others).toMatchObject({ removed: [bob.actor] });
    expect(await secretOf(others.state)).toBe(await secretOf(made.next));
    // Its author can't decrypt it, and follows by what it kept.
    expect(codeOf(await processProposal(leaving, message, 'opaque'))).toBe('proposal-forged');
    const kept = valueOf(parseState(serialiseState(leaving)));
    expect(valueOf(await follow(kept, made.commit))).toMatchObject({ selfRemoved: true });
  });

  test('[ML81] of another epoch, changed, or readable for everyone is not taken', async () => {
    const { message } = await leave(bobs);
    const rotated = await prepare(adas, opaque);
    const later = valueOf(acceptOwnCommit(rotated.spent, rotated));
    expect(codeOf(await processProposal(later, message, 'opaque'))).toBe('proposal-misplaced');
    const damaged = message.map((byte, at) => (at === message.length - 20 ? byte ^ 1 : byte));
    expect(codeOf(await processProposal(adas, damaged, 'opaque'))).toBe('proposal-forged');
    const shown = await proposeAnything(bobs, removal(1));
    expect(codeOf(await processProposal(adas, shown.message, 'opaque'))).toBe('mls-wire-format');
    expect(codeOf(await processProposal(adas, message))).toBe('mls-wire-format');
    // Twice is once: its key is used up.
    const { state } = await take(adas, message);
    expect(codeOf(await processProposal(state, message, 'opaque'))).toBe('proposal-forged');
  });
});
