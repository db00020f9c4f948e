import fc from 'fast-check';
import type { ClientState } from 'ts-mls';
import { leafToNodeIndex, toLeafIndex } from 'ts-mls/treemath.js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { publicKeyOf, signEd25519 } from '../../../core/index.ts';
import { bindingContent, encodeCredentialIdentity, DEFAULT_SUITE } from '../../../core/mls/index.ts';
import {
  commit,
  createMlsIdentity,
  joinGroup,
  newKeyPackage,
  processCommit,
  type GroupState,
  type MlsIdentity,
} from '../../../sdk/mls/index.ts';
import { openState } from '../../../sdk/mls/open-state.ts';
import { addition, commitAnything, proposeAnything, removal } from './malice.ts';
import {
  codeOf,
  commitAndFollow,
  groupOf,
  keyPackageOf,
  makePerson,
  NO_DATA,
  NOW_MS,
  prepare,
  valueOf,
  makeCast,
  type Cast,
  treeOf,
} from './people.ts';

let { ada, bob, cem, dan } = {} as Cast;
let states: GroupState[];
beforeAll(async () => {
  // The forger's library reads the clock of its machine.
  vi.setSystemTime(NOW_MS);
  ({ ada, bob, cem, dan } = await makeCast());
  states = await groupOf([ada, bob, cem]);
});

afterAll(() => vi.useRealTimers());

/** What Ada, at leaf 0, does with a commit of Bob's. */
async function adasVerdict(message: Uint8Array): Promise<string> {
  return codeOf(await processCommit(states[0]!, message));
}

/** Dan's name on a key that Dan never signed for. */
async function forgeIdentity(): Promise<MlsIdentity> {
  const other = new Uint8Array(32).fill(99);
  return createMlsIdentity({ actor: dan.actor, sign: (message) => signEd25519(other, message) });
}

function withOwnCredential(client: ClientState, identity: Uint8Array): ClientState {
  const own = leafToNodeIndex(toLeafIndex(client.privatePath.leafIndex));
  const ratchetTree = client.ratchetTree.map((node, index) => {
    if (index !== own || node?.nodeType !== 'leaf') return node;
    return { ...node, leaf: { ...node.leaf, credential: { credentialType: 'basic' as const, identity } } };
  });
  return { ...client, ratchetTree };
}

describe('a binding that its actor didn’t make', () => {
  test('[ML46] keeps a KeyPackage from being added', async () => {
    const { message } = await newKeyPackage(await forgeIdentity(), { nowMs: NOW_MS });
    const request = { add: [message], nowMs: NOW_MS, authenticatedData: NO_DATA };
    expect(codeOf(await commit(states[0]!, request))).toBe('key-package-forged');
  });

  test('[ML46] keeps others from following a commit that adds it', async () => {
    const { message } = await newKeyPackage(await forgeIdentity(), { nowMs: NOW_MS });
    const forged = await commitAnything(states[1]!, [addition(message)]);
    expect(await adasVerdict(forged.commit)).toBe('commit-unprocessable');
    const honest = await commitAnything(states[1]!, [addition((await keyPackageOf(dan)).message)]);
    expect(await adasVerdict(honest.commit)).toBe('accepted');
  });

  test('[ML46] keeps joiners out of a group that holds it', async () => {
    const forged = await newKeyPackage(await forgeIdentity(), { nowMs: NOW_MS });
    const invited = await keyPackageOf(await makePerson(5));
    const both = [addition(forged.message), addition(invited.message)];
    const { welcome } = await commitAnything(states[1]!, both);
    expect(codeOf(await joinGroup(welcome!, invited.privateState))).toBe('welcome-unprocessable');
  });

  test('[ML46] is refused in a path', async () => {
    const identity = encodeCredentialIdentity({ actor: bob.actor, binding: new Uint8Array(64) });
    const forged = await commitAnything(states[1]!, [], { alter: (client) => withOwnCredential(client, identity) });
    expect(await adasVerdict(forged.commit)).toBe('commit-unprocessable');
  });
});

describe('a commit that breaks the rules', () => {
  test('[ML25] a member can’t become another actor, even one that agrees', async () => {
    const seed = new Uint8Array(32).fill(4);
    const { signatureKey } = bob.identity;
    const binding = signEd25519(seed, bindingContent(DEFAULT_SUITE.id, signatureKey));
    const identity = encodeCredentialIdentity({ actor: publicKeyOf(seed), binding });
    const swap = await commitAnything(states[1]!, [], { alter: (client) => withOwnCredential(client, identity) });
    expect(await adasVerdict(swap.commit)).toBe('commit-credential');
  });

  test('[ML40] a member can’t commit in another’s name', async () => {
    const asBob = (client: ClientState) => ({ ...client, privatePath: { ...client.privatePath, leafIndex: 1 } });
    expect(await adasVerdict((await commitAnything(states[2]!, [], { alter: asBob })).commit)).toBe(
      'commit-unprocessable',
    );
    expect(await adasVerdict((await commitAnything(states[2]!, [])).commit)).toBe('accepted');
  });

  test('[ML24] proposals by a reference to nothing, and of other kinds, are refused', async () => {
    const proposed = await proposeAnything(states[1]!, removal(2));
    const byReference = await commitAnything(states[1]!, [], { alter: () => proposed.client });
    expect(await adasVerdict(byReference.commit)).toBe('commit-proposal');
    const custom = { proposalType: 0xf001, proposalData: NO_DATA };
    expect(await adasVerdict((await commitAnything(states[1]!, [custom])).commit)).toBe('commit-proposal');
  });

  test('[ML26] an actor can’t be added twice, with other keys', async () => {
    const again = { actor: ada.actor, identity: ada.identity };
    const request = { add: [(await keyPackageOf(again)).message], nowMs: NOW_MS, authenticatedData: NO_DATA };
    expect(codeOf(await commit(states[1]!, request))).toBe('commit-proposal-list');
    const otherKey = await createMlsIdentity({
      actor: ada.actor,
      sign: (message) => signEd25519(new Uint8Array(32).fill(1), message),
    });
    const { message } = await newKeyPackage(otherKey, { nowMs: NOW_MS });
    const twice = { add: [message], nowMs: NOW_MS, authenticatedData: NO_DATA };
    expect(codeOf(await commit(states[1]!, twice))).toBe('commit-proposal-list');
  });

  test('[ML24] a member can’t remove itself or nobody', async () => {
    const request = { nowMs: NOW_MS, authenticatedData: NO_DATA };
    expect(codeOf(await commit(states[1]!, { ...request, remove: [bob.actor] }))).toBe('commit-proposal-list');
    expect(codeOf(await commit(states[1]!, { ...request, remove: [dan.actor] }))).toBe('member-unknown');
    expect(codeOf(await commit(states[1]!, { ...request, remove: [ada.actor, ada.actor] }))).toBe(
      'commit-proposal-list',
    );
  });

  test('[ML45] commits of other epochs and groups are told apart', async () => {
    const later = await commitAndFollow(states);
    const early = await prepare(later[1]!);
    expect(await adasVerdict(early.commit)).toBe('commit-future');
    const late = await prepare(states[1]!);
    expect(codeOf(await processCommit(later[0]!, late.commit))).toBe('commit-stale');
    expect(codeOf(await processCommit(states[0]!, (await send()).message))).toBe('mls-wire-format');
  });

  async function send() {
    return proposeAnything(states[1]!, removal(2), false);
  }

  test('[ML45] no byte of a commit can be changed', async () => {
    const { commit: message } = await prepare(states[1]!);
    const pieces = Array.from({ length: 160 }, (_, index) => Math.floor((index * message.length) / 160));
    for (const offset of pieces) {
      const altered = message.slice();
      altered[offset] = altered[offset]! ^ (1 << (offset % 8));
      expect(await adasVerdict(altered), `byte ${offset}`).not.toBe('accepted');
    }
  });
});

describe('input that is no MLS', () => {
  test('[ML45] never makes the engine throw', async () => {
    const { privateState } = await keyPackageOf(dan);
    const { welcome, next } = await prepare(states[0]!, { add: [(await keyPackageOf(dan)).message] });
    const starts = [NO_DATA, Uint8Array.of(0, 1, 0, 1), Uint8Array.of(0, 1, 0, 3), welcome!.subarray(0, 60)];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 400 }), async (start, rest) => {
        const bytes = Uint8Array.of(...start, ...rest);
        expect(codeOf(await processCommit(states[0]!, bytes))).not.toBe('accepted');
        expect(codeOf(await joinGroup(bytes, privateState, treeOf(next)))).not.toBe('accepted');
        expect(codeOf(await joinGroup(welcome!, bytes))).toBe('state-malformed');
        const request = { add: [bytes], nowMs: NOW_MS, authenticatedData: NO_DATA };
        expect(codeOf(await commit(states[0]!, request))).not.toBe('accepted');
      }),
      { numRuns: 150 },
    );
  });

  test('[ML46] no byte of a Welcome that concerns a joiner can be changed', async () => {
    const { message, privateState } = await keyPackageOf(dan);
    const { welcome, next } = await prepare(states[0]!, { add: [message] });
    const tree = treeOf(next);
    const pieces = Array.from({ length: 80 }, (_, index) => Math.floor((index * welcome!.length) / 80));
    for (const offset of pieces) {
      const altered = welcome!.slice();
      altered[offset] = altered[offset]! ^ (1 << (offset % 8));
      expect(codeOf(await joinGroup(altered, privateState, tree)), `byte ${offset}`).not.toBe('accepted');
    }
  });

  test('[ML94] a Welcome without a tree needs the one that its GroupInfo names', async () => {
    const { message, privateState } = await keyPackageOf(dan);
    const { welcome, next } = await prepare(states[0]!, { add: [message] });
    const tree = treeOf(next);
    expect(codeOf(await joinGroup(welcome!, privateState))).toBe('welcome-tree-missing');
    expect(codeOf(await joinGroup(welcome!, privateState, treeOf(states[0]!)))).toBe('welcome-unprocessable');
    expect(codeOf(await joinGroup(welcome!, privateState, NO_DATA))).toBe('welcome-unprocessable');
    for (let offset = 0; offset < tree.length; offset += 29) {
      const altered = tree.slice();
      altered[offset] = altered[offset]! ^ 1;
      const verdict = codeOf(await joinGroup(welcome!, privateState, altered));
      expect(verdict, `byte ${offset}`).toBe('welcome-unprocessable');
    }
    expect(codeOf(await joinGroup(welcome!, privateState, tree))).toBe('accepted');
  });

  test('[ML41] a state is no state of another engine', () => {
    expect(() => openState({ ...states[0]! })).toThrow(TypeError);
    expect(valueOf({ ok: true, value: states[0]!.status })).toBe('member');
  });
});
