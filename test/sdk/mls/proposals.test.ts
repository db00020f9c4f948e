import { beforeAll, describe, expect, test } from 'vitest';
import { toHex } from '../../../core/index.ts';
import { parseCredentialIdentity } from '../../../core/mls/index.ts';
import {
  acceptOwnCommit,
  createGroup,
  exportSecret,
  membersOf,
  parseState,
  processCommit,
  processProposal,
  proposeLeave,
  serialiseState,
  type GroupState,
} from '../../../sdk/mls/index.ts';
import { makeState, openState } from '../../../sdk/mls/open-state.ts';
import { commitBy, proposeBy, proposeFromOutside, updateOf } from '../../core/mls/public-group/crew.ts';
import {
  commitAnything,
  newExtensions,
  preSharedKey,
  proposeAnything,
  removal,
  requiredCapabilities,
} from './malice.ts';
import {
  codeOf,
  commitAndFollow,
  GROUP_ID,
  groupOf,
  makeCast,
  makePerson,
  NO_DATA,
  NOW_MS,
  prepare,
  readText,
  send,
  valueOf,
  type Cast,
} from './people.ts';

let { ada, bob, cem } = {} as Cast;
let [adas, bobs, cems] = [] as unknown as [GroupState, GroupState, GroupState];
beforeAll(async () => {
  ({ ada, bob, cem } = await makeCast());
  [adas, bobs, cems] = (await groupOf([ada, bob, cem])) as [GroupState, GroupState, GroupState];
});

const data = Uint8Array.of(1, 2, 3);
const leave = async (state: GroupState) => valueOf(await proposeLeave(state, data));
const take = async (state: GroupState, message: Uint8Array) => valueOf(await processProposal(state, message)).state;

describe('a member that asks to leave', () => {
  test('[ML80] is taken out by another, with its own signature, and the others go on', async () => {
    const { message, ref } = await leave(bobs);
    const taken = valueOf(await processProposal(adas, message));
    expect(taken).toMatchObject({ ref, proposer: bob.actor, authenticatedData: data });
    const made = await prepare(taken.state, { remove: [bob.actor] });
    // By reference: whoever has not seen the proposal can't follow.
    expect(codeOf(await processCommit(cems, made.commit))).toBe('commit-proposal');
    const followed = valueOf(await processCommit(await take(cems, message), made.commit));
    expect(followed).toMatchObject({ committer: ada.actor, removed: [bob.actor], added: [] });
    const [hers, his] = [valueOf(acceptOwnCommit(taken.state, made)), followed.state];
    const secrets = await Promise.all([hers, his].map((state) => exportSecret(state, 'test', NO_DATA, 32)));
    expect(new Set(secrets.map(toHex)).size).toBe(1);
    expect(membersOf(hers).map(({ actor }) => actor)).toEqual([ada.actor, cem.actor]);
    const left = valueOf(await processCommit(await take(bobs, message), made.commit));
    expect(left).toMatchObject({ selfRemoved: true, state: { status: 'removed', epoch: 1 } });
  });

  test('[ML80] is taken out by value where its proposal was of an earlier epoch', async () => {
    const { message } = await leave(bobs);
    const informed = await take(adas, message);
    const [hers, bobsNext, cemsNext] = (await commitAndFollow([informed, bobs, cems])) as [
      GroupState,
      GroupState,
      GroupState,
    ];
    expect(codeOf(await processProposal(hers, message))).toBe('proposal-misplaced');
    const [, left, his] = await commitAndFollow([hers, bobsNext, cemsNext], { remove: [bob] });
    expect(left?.status).toBe('removed');
    expect(membersOf(his!).map(({ actor }) => actor)).toEqual([ada.actor, cem.actor]);
  });

  test('[ML80] is not committed by itself', async () => {
    const { message } = await leave(bobs);
    const informed = await take(adas, message);
    const rotation = await prepare(informed);
    expect(valueOf(acceptOwnCommit(informed, rotation)).epoch).toBe(2);
    expect(membersOf(rotation.next)).toHaveLength(3);
  });
});

describe('a proposal', () => {
  test('[ML47] is known after a restart', async () => {
    const { message } = await leave(bobs);
    const restarted = valueOf(parseState(serialiseState(await take(adas, message))));
    const made = await prepare(restarted, { remove: [bob.actor] });
    expect(codeOf(await processCommit(await take(cems, message), made.commit))).toBe('accepted');
  });

  test('[ML81] of another group, epoch or content, or changed on its way, changes nothing', async () => {
    const { message } = await leave(bobs);
    const [elsewhere] = await groupOf([cem, ada]);
    expect(codeOf(await processProposal(await take(adas, message), message))).toBe('accepted');
    const [, later] = await commitAndFollow([adas, cems]);
    expect(codeOf(await processProposal(later!, message))).toBe('proposal-misplaced');
    const others = await leave(elsewhere!);
    expect(codeOf(await processProposal(adas, others.message))).not.toBe('accepted');
    expect(codeOf(await processProposal(adas, (await prepare(cems)).commit))).toBe('mls-content-type');
    for (let at = 0; at < message.length; at += 7) {
      const flipped = message.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(codeOf(await processProposal(adas, flipped)), `byte ${at}`).not.toBe('accepted');
    }
  });

  test('[ML80] to change a leaf’s keys is followed by reference', async () => {
    const { proposal } = await updateOf(openState(bobs).client);
    const { message } = await proposeAnything(bobs, proposal);
    const informed = await take(adas, message);
    const { bundle } = await commitBy(openState(informed).client);
    const followed = valueOf(await processCommit(await take(cems, message), bundle.commit));
    expect(followed).toMatchObject({ added: [], removed: [], replaced: [] });
    expect(followed.state.epoch).toBe(2);
  });

  test('[ML24] that would remove the committer is not followed', async () => {
    const { message } = await proposeBy(openState(bobs).client, removal(0));
    const informed = await take(cems, message);
    await expect(commitAnything(await take(adas, message), [])).rejects.toThrow();
    expect(membersOf(informed)).toHaveLength(3);
  });

  test('[ML42] leaves messages as they are', async () => {
    const { message } = await leave(bobs);
    const informed = await take(adas, message);
    const sent = await send(informed, 'still here');
    expect(await readText(cems, sent.message)).toBe('still here');
    const made = await prepare(sent.state, { remove: [bob.actor] });
    expect(codeOf(await processCommit(await take(cems, message), made.commit))).toBe('accepted');
    const back = await send(cems, 'and here');
    expect(await readText(informed, back.message)).toBe('and here');
  });
});

describe('a commit of what changes no member', () => {
  const ownKey = (state: GroupState) => {
    const { groupId: pskGroupId, epoch: pskEpoch } = openState(state).client.groupContext;
    return preSharedKey({ psktype: 'resumption', usage: 'application', pskGroupId, pskEpoch });
  };

  test('[ML24] [ML48] that mixes in a secret of the group’s own recent epochs is followed, and with any other key not', async () => {
    const { commit, client } = await commitAnything(adas, [ownKey(adas)]);
    const followed = valueOf(await processCommit(bobs, commit));
    expect(followed).toMatchObject({ committer: ada.actor, added: [], removed: [], changesExtensions: false });
    expect(await exportSecret(followed.state, 'test', NO_DATA, 32)).toEqual(
      await exportSecret(valueOf(makeState(client)), 'test', NO_DATA, 32),
    );
    const secret = new Uint8Array(32).fill(9);
    const known = { findPsk: () => secret };
    const foreign = await commitAnything(adas, [preSharedKey({ psktype: 'external', pskId: NO_DATA })], {
      psks: known,
    });
    expect(await processCommit(bobs, foreign.commit)).toEqual({
      ok: false,
      error: { code: 'commit-unprocessable', fault: 'other' },
    });
  });

  test('[ML24] that replaces the group’s extensions is followed, by value and by reference', async () => {
    const demands = newExtensions(requiredCapabilities({ credentialTypes: ['x509'] }));
    const { commit } = await commitAnything(adas, [demands]);
    const followed = valueOf(await processCommit(bobs, commit));
    expect(followed.changesExtensions).toBe(true);
    expect(openState(followed.state).client.groupContext.extensions).toHaveLength(1);
    const { message } = await proposeAnything(bobs, demands);
    const { bundle } = await commitBy(openState(await take(adas, message)).client);
    expect(valueOf(await processCommit(await take(cems, message), bundle.commit)).changesExtensions).toBe(true);
  });

  test('[ML24] whose extensions a member can’t handle is not followed', async () => {
    const unknown = newExtensions({ extensionType: 0xf001, extensionData: NO_DATA });
    const { commit } = await commitAnything(adas, [unknown]);
    expect(codeOf(await processCommit(bobs, commit))).toBe('commit-unprocessable');
    const { version, cipherSuite } = openState(adas).client.groupContext;
    const reinit = { groupId: new Uint8Array(32), version, cipherSuite, extensions: [] };
    const ending = await commitAnything(adas, [{ proposalType: 'reinit', reinit }]);
    expect(codeOf(await processCommit(bobs, ending.commit))).toBe('commit-proposal');
  });
});

describe('a proposal from outside', () => {
  test('[ML82] counts by the key at its index, in its epoch, if it removes somebody', async () => {
    const { actor, identity: relay } = await makePerson(9);
    const proposer = { signatureKey: relay.signatureKey, identity: parseCredentialIdentity(relay.credentialIdentity)! };
    const founded = await createGroup({ groupId: GROUP_ID, identity: ada.identity, nowMs: NOW_MS, proposer });
    const [hers, , his] = await commitAndFollow([founded.state], { add: [bob, cem] });
    const { client } = openState(hers!);
    const from = (index: number, seed = relay.signatureSeed, proposal = removal(1)) =>
      proposeFromOutside(client, proposal, { senderType: 'external', senderIndex: index }, seed);
    const message = await from(0);
    const taken = valueOf(await processProposal(hers!, message));
    expect(taken.proposer).toEqual(actor);
    const made = await prepare(taken.state, { remove: [bob.actor] });
    expect(codeOf(await processCommit(his!, made.commit))).toBe('commit-proposal');
    const followed = valueOf(await processCommit(await take(his!, message), made.commit));
    expect(followed.removed).toEqual([bob.actor]);
    const codes = [
      await from(1),
      await from(0, ada.identity.signatureSeed),
      await from(0, relay.signatureSeed, newExtensions()),
    ];
    const refused = await Promise.all(codes.map(async (bytes) => codeOf(await processProposal(hers!, bytes))));
    expect(refused).toEqual(['proposal-misplaced', 'proposal-forged', 'proposal-misplaced']);
    expect(codeOf(await processProposal(followed.state, message))).toBe('proposal-misplaced');
    // A group of the same epoch that names nobody.
    expect(codeOf(await processProposal(adas, message))).toBe('proposal-misplaced');
  });
});
