import {
  commitBundle,
  decodeTrusted,
  encode,
  eventTbs,
  mlsCommit,
  type mlsCreated,
  parseState,
  sha256,
  stateAnswer,
  toBase64Url,
  type CommitBundle,
  type MlsCommit,
  type ProblemCode,
} from '../../../core/index.ts';
import { createGroup } from '../../../sdk/mls/index.ts';
import { joinFromOutside } from '../../core/mls/public-group/crew.ts';
import { bytesFor } from '../../durable-objects/bytes-for.ts';
import { makePerson } from '../../sdk/mls/people.ts';
import type { InhabitedRelay } from '../../support/inhabited-relay.ts';
import {
  claimKeyOf,
  draftCommit,
  draftCreation,
  draftResync,
  mlsIdentityFor,
  type CommitDraft,
  type WayIn,
} from '../../support/mls-bundles.ts';
import { chainPath } from '../../support/relay-caller.ts';
import type { Attempt, BadInput } from './bad-input.ts';

const YEAR_MS = 366 * 86_400_000;

type WelcomeRef = MlsCommit['welcomeRefs'][number];

function bundleOf(relay: InhabitedRelay, bundle: CommitBundle, chain = relay.encrypted): Attempt {
  return { kind: 'request', request: relay.commitRequest(bundle, chain) };
}

/** A commit by Alice over the head of the encrypted group, but for what the row spoils. */
function spoiled(draft: (relay: InhabitedRelay) => Partial<CommitDraft>): BadInput['make'] {
  return async (relay) => bundleOf(relay, (await relay.commit(draft(relay))).bundle);
}

function row(name: string, code: ProblemCode, make: BadInput['make']): BadInput {
  return { name, code, make };
}

/** The handshake itself is refused; `reason` says what of it. */
function invalid(name: string, reason: string, make: BadInput['make']): BadInput {
  return { name, code: 'invalid-handshake', details: { reason }, make };
}

/** Other bytes in the GroupInfo's place, named by the event as they are. */
function withGroupInfo(groupInfo: (relay: InhabitedRelay) => Promise<Uint8Array>): BadInput['make'] {
  return async (relay) => {
    const bytes = await groupInfo(relay);
    return spoiled(() => ({
      editBody: (body) => ({ ...body, groupInfoHash: sha256(bytes), groupInfoSize: bytes.length }),
      editBundle: (bundle) => ({ ...bundle, groupInfo: bytes }),
    }))(relay);
  };
}

const races: readonly BadInput[] = [
  {
    name: '[MB4] a second commit of one epoch',
    code: 'commit-lost',
    details: { epoch: '2', index: '3' },
    make: (relay) => bundleOf(relay, relay.lost),
  },
  {
    name: '[GM2] a commit that ends an epoch long past',
    code: 'commit-lost',
    details: { epoch: '2' },
    make: spoiled(() => ({ editBody: (body) => ({ ...body, epoch: 0 }) })),
  },
  {
    name: '[GM2] a commit that ends an epoch to come',
    code: 'wrong-epoch',
    details: { epoch: '2' },
    make: spoiled(() => ({ editBody: (body) => ({ ...body, epoch: 7 }) })),
  },
];

const sizes: readonly BadInput[] = [
  {
    name: '[GM6] a commit that adds more than one may',
    code: 'too-many-adds',
    details: { limit: '256', actual: '257' },
    make: spoiled(() => ({
      editBody: (body) => ({
        ...body,
        roster: {
          added: Array.from({ length: 257 }, (_, i) => ({ actor: bytesFor('one', i, 32), role: 'member' })),
          removed: [],
        },
      }),
    })),
  },
];

const welcomes: readonly BadInput[] = [
  row(
    '[MB3] a Welcome for another ref',
    'welcome-mismatch',
    spoiled(({ mallory }) => ({
      add: [mallory],
      editBody: (body) => ({
        ...body,
        welcomeRefs: body.welcomeRefs.map((ref) => ({ ...ref, keyPackageRef: sha256(ref.keyPackageRef) })),
      }),
    })),
  ),
  row(
    '[MB3] two Welcomes that change places',
    'welcome-mismatch',
    spoiled(({ carol, mallory }) => ({
      add: [carol, mallory],
      editBody: (body) => {
        const [one, two] = body.welcomeRefs as readonly [WelcomeRef, WelcomeRef];
        const crossed = [
          { ...one, keyPackageRef: two.keyPackageRef },
          { ...two, keyPackageRef: one.keyPackageRef },
        ];
        return { ...body, welcomeRefs: crossed };
      },
    })),
  ),
  row(
    '[ML27] a commit that keeps the Welcome back',
    'welcome-mismatch',
    spoiled(({ mallory }) => ({ add: [mallory], editBundle: (bundle) => ({ ...bundle, welcome: new Uint8Array() }) })),
  ),
  row(
    '[GM5] a Welcome to somebody who is not added',
    'welcome-mismatch',
    spoiled(({ mallory }) => ({
      editBody: (body) => ({
        ...body,
        welcomeRefs: [{ actor: mallory.key, keyPackageRef: bytesFor('ref', 0, 32) }],
      }),
    })),
  ),
];

const parts: readonly BadInput[] = [
  invalid(
    '[MB2] a commit that the event does not name',
    'commit-hash',
    spoiled(() => ({ editBundle: (bundle) => ({ ...bundle, commit: Uint8Array.of(...bundle.commit, 0) }) })),
  ),
  invalid(
    '[MB2] a GroupInfo that the event does not name',
    'group-info-hash',
    spoiled(() => ({ editBundle: (bundle) => ({ ...bundle, groupInfo: bundle.groupInfo.slice(1) }) })),
  ),
  invalid(
    '[ML28] the GroupInfo of another group',
    'next-group-context',
    withGroupInfo(async ({ alice }) => {
      const identity = await mlsIdentityFor(alice);
      return (await createGroup({ groupId: bytesFor('foreign', 0, 32), identity, nowMs: Date.now() })).groupInfo;
    }),
  ),
  invalid(
    '[ML28] the GroupInfo of the epoch that ends',
    'next-group-context',
    withGroupInfo(async ({ caller, alice, encrypted }) =>
      caller.bytes(caller.signed(alice, { path: chainPath(encrypted, 'group-info') })),
    ),
  ),
  invalid(
    '[ML6] bytes that are no commit',
    'mls-malformed',
    spoiled(() => {
      // Version and wire format of a PublicMessage, and then anything.
      const noise = Uint8Array.of(0, 1, 0, 1, ...bytesFor('noise', 0, 300));
      return {
        editBody: (body) => ({ ...body, commitHash: sha256(noise), commitSize: noise.length }),
        editBundle: (bundle) => ({ ...bundle, commit: noise }),
      };
    }),
  ),
  invalid('[ML20] a Welcome in the commit’s place', 'mls-wire-format', async (relay) => {
    const { bundle } = await relay.commit({ add: [relay.mallory] });
    const { welcome } = bundle;
    return spoiled(() => ({
      editBody: (body) => ({ ...body, commitHash: sha256(welcome), commitSize: welcome.length }),
      editBundle: (spoilt) => ({ ...spoilt, commit: welcome }),
    }))(relay);
  }),
  invalid(
    '[ML4] a commit that belongs to another event',
    'authenticated-data',
    spoiled(() => ({ boundTo: bytesFor('another event', 0, 16) })),
  ),
  invalid('[MB3] a member’s commit in another member’s event', 'authenticated-data', async (relay) => {
    const { bundle } = await relay.commit();
    const body = bodyOf(bundle);
    const place = await relay.place(relay.encrypted);
    const event = relay.bob.sign({ ...place, type: mlsCommit.type, body: mlsCommit.encodeBody(body) });
    return bundleOf(relay, { ...bundle, event: event.event, signature: event.signature });
  }),
  invalid(
    '[MB3] an event that adds somebody else than its commit',
    'roster',
    spoiled(({ carol, mallory }) => ({
      add: [mallory],
      editBody: (body) => ({
        ...body,
        roster: { added: [{ actor: carol.key, role: 'member' }], removed: [] },
        welcomeRefs: body.welcomeRefs.map((ref) => ({ ...ref, actor: carol.key })),
      }),
    })),
  ),
  invalid(
    '[ML28] a tree hash that is not that of the GroupInfo',
    'group-context',
    spoiled(() => ({ editBody: (body) => ({ ...body, treeHash: sha256(body.treeHash) }) })),
  ),
  invalid(
    '[ML11] a commit that adds a KeyPackage which has expired',
    'key-package-expired',
    spoiled(({ mallory }) => ({ add: [mallory], keyPackageTime: Date.now() - YEAR_MS })),
  ),
];

/** What a drafted commit says of itself in its event. */
function bodyOf({ event }: CommitBundle): MlsCommit {
  const body = mlsCommit.decodeBody(decodeTrusted(eventTbs, event).body);
  if (!body.ok) throw new Error('a commit event has a body');
  return body.value;
}

const claims: readonly BadInput[] = [
  row(
    '[MB5] a member added without the token of a claim',
    'claim-token-missing',
    spoiled(({ mallory }) => ({ add: [mallory], editBundle: (bundle) => ({ ...bundle, claimTokens: [] }) })),
  ),
  row(
    '[MB5] a claim for another group',
    'claim-token-invalid',
    spoiled(({ mallory, plain }) => ({ add: [mallory], claim: { chain: plain } })),
  ),
  row(
    '[KP10] a claim that another relay signed',
    'claim-token-invalid',
    spoiled(({ mallory }) => ({ add: [mallory], claim: { key: claimKeyOf(bytesFor('relay', 0, 32)) } })),
  ),
  row(
    '[KP10] a claim of two days ago',
    'claim-token-expired',
    spoiled(({ mallory }) => ({ add: [mallory], claim: { at: Date.now() - 2 * 86_400_000 } })),
  ),
];

async function wayIn({ caller, bob, encrypted }: InhabitedRelay): Promise<WayIn> {
  const read = (rest: string) => caller.bytes(caller.signed(bob, { path: chainPath(encrypted, rest) }));
  const { state } = decodeTrusted(stateAnswer, await read('state'));
  const group = parseState(state);
  const mls = group?.kind === 'group' ? group.value.mls : undefined;
  if (mls === undefined) throw new Error('an encrypted group has an epoch');
  const ratchetTree = await read(`trees/${toBase64Url(mls.treeHash)}`);
  return { groupInfo: await read('group-info'), ratchetTree };
}

/** A commit from outside by Bob, who is a member, or by another. */
function fromOutside(draft: (relay: InhabitedRelay) => Partial<CommitDraft>): BadInput['make'] {
  return async (relay) => {
    const { bob, encrypted } = relay;
    const resync = await draftResync(await relay.place(encrypted), await wayIn(relay), { actor: bob, ...draft(relay) });
    return bundleOf(relay, resync.bundle);
  };
}

const resyncs: readonly BadInput[] = [
  invalid(
    '[RC1] a resync that belongs to another event',
    'authenticated-data',
    fromOutside(() => ({ boundTo: bytesFor('another event', 1, 16) })),
  ),
  row(
    '[RC1] a resync that takes its author off the roster',
    'not-permitted',
    fromOutside(({ bob }) => ({ editBody: (body) => ({ ...body, roster: { added: [], removed: [bob.key] } }) })),
  ),
  invalid(
    '[RC1] a resync that hands in the GroupInfo of the epoch that it ends',
    'next-group-context',
    async (relay) => {
      const { caller, bob, encrypted } = relay;
      const bytes = await caller.bytes(caller.signed(bob, { path: chainPath(encrypted, 'group-info') }));
      return fromOutside(() => ({
        editBody: (body) => ({ ...body, groupInfoHash: sha256(bytes), groupInfoSize: bytes.length }),
        editBundle: (bundle) => ({ ...bundle, groupInfo: bytes }),
      }))(relay);
    },
  ),
  invalid('[RC1] somebody who commits their way in', 'commit-sender', async (relay) => {
    const { groupInfo, ratchetTree } = await wayIn(relay);
    const { commit } = (await joinFromOutside(groupInfo, await makePerson(77), false, ratchetTree)).bundle;
    return spoiled(() => ({
      editBody: (body) => ({ ...body, commitHash: sha256(commit), commitSize: commit.length }),
      editBundle: (bundle) => ({ ...bundle, commit }),
    }))(relay);
  }),
];

const callers: readonly BadInput[] = [
  row('[GR4] a commit by a member that lets somebody in', 'not-permitted', async (relay) => {
    const { bundle } = await relay.commit({ actor: relay.bob, add: [relay.mallory] });
    return bundleOf(relay, bundle);
  }),
  row(
    '[GR7] a commit by a removed member',
    'actor-removed',
    spoiled(({ carol }) => ({ actor: carol })),
  ),
  row('[GM1] a group created a second time', 'already-created', async (relay) =>
    bundleOf(relay, (await draftCreation(await relay.place(relay.encrypted), relay.alice)).bundle),
  ),
  row('[GM1] a group of another suite', 'unsupported-ciphersuite', async (relay) => {
    const place = await relay.place(relay.unborn);
    const edit = { edit: (body: Parameters<typeof mlsCreated.encodeBody>[0]) => ({ ...body, ciphersuite: 4 }) };
    return bundleOf(relay, (await draftCreation(place, relay.alice, edit)).bundle, relay.unborn);
  }),
  row('[GM1] a commit before the group is created', 'mls-not-created', async (relay) => {
    const place = await relay.place(relay.unborn);
    return bundleOf(relay, (await draftCommit(place, relay.state, { actor: relay.alice })).bundle, relay.unborn);
  }),
  row('[GR2] a commit bundle in a plain group', 'wrong-membership', async (relay) => {
    const place = await relay.place(relay.plain);
    return bundleOf(relay, (await draftCommit(place, relay.state, { actor: relay.alice })).bundle, relay.plain);
  }),
  row('[AP3] a commit of another group', 'wrong-chain', async (relay) =>
    bundleOf(relay, (await relay.commit()).bundle, relay.unborn),
  ),
  row('[MB1] a bundle around an event that opens no epoch', 'unknown-event-type', async (relay) => {
    const { bundle } = await relay.commit();
    const { event, signature } = await relay.sealed();
    return bundleOf(relay, { ...bundle, event, signature });
  }),
  {
    name: '[EN1] a truncated bundle',
    code: 'malformed',
    details: { reason: 'truncated' },
    make: async (relay) => {
      const body = encode(commitBundle, (await relay.commit()).bundle);
      const path = chainPath(relay.encrypted, 'commits');
      return { kind: 'request', request: relay.caller.post(path, body.slice(0, -1)) };
    },
  },
];

export const badCommits: readonly BadInput[] = [
  ...races,
  ...sizes,
  ...welcomes,
  ...parts,
  ...claims,
  ...resyncs,
  ...callers,
];
