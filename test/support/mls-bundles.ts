import type { Proposal } from 'ts-mls';
import { createProposal } from 'ts-mls/createMessage.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import {
  fromBase64,
  mlsCommit,
  mlsCreated,
  mlsProposal,
  mlsReinitialised,
  parseActorKey,
  publicKeyOf,
  sha256,
  signEd25519,
  type ChainId,
  type ClaimToken,
  type CommitBundle,
  type HandshakeMode,
  type MlsCommit,
  type MlsCreated,
  type MlsProposal,
  type MlsReinitialised,
  type Submission,
} from '../../core/index.ts';
import { encodeAuthenticatedData, parseProposalMessage, type ExternalSender } from '../../core/mls/index.ts';
import { claimTokenSeed, issueClaimToken, type ClaimTokenKey } from '../../relay/index.ts';
import {
  acceptOwnCommit,
  commit,
  createGroup,
  createMlsIdentity,
  joinGroup,
  makeGroupInfo,
  newKeyPackage,
  resync,
  type GroupState,
  type MadeCommit,
  type MlsIdentity,
  type PendingCommit,
} from '../../sdk/mls/index.ts';
import { makeState, openState } from '../../sdk/mls/open-state.ts';
import { removalOf } from '../../sdk/mls/proposal.ts';
import { loadDefaultSuite } from '../../sdk/mls/suite.ts';
import { bytesFor } from '../durable-objects/bytes-for.ts';
import { commitAnything } from '../sdk/mls/malice.ts';
import { treeOf, valueOf } from '../sdk/mls/people.ts';
import type { Seen, TestActor } from './test-actor.ts';

export const MLS_PARAMETERS = {
  kind: 'group',
  value: { membership: 'mls', handshakes: 'public', credentials: 'bound', authenticatedData: 'required' },
} as const;
export const OPAQUE_PARAMETERS = {
  kind: 'group',
  value: { ...MLS_PARAMETERS.value, handshakes: 'opaque' },
} as const;

const NOTHING = new Uint8Array();

/** The MLS identity of an actor, with a binding that its key made. */
export function mlsIdentityFor({ key, seed }: TestActor): Promise<MlsIdentity> {
  const actor = parseActorKey(key);
  if (actor === undefined) throw new Error('a test actor has an admissible key');
  return createMlsIdentity({ actor, sign: (message) => signEd25519(seed, message) });
}

/** An actor whose MLS keys are not its own: its events are, and for its leaves another one signs. */
export function usurperOf(actor: TestActor, { seed }: TestActor): TestActor {
  return Object.assign(Object.create(actor) as TestActor, { seed, sign: actor.sign.bind(actor) });
}

/** Where an event of a group is made, and what its author's clock says. */
export interface GroupPlace {
  readonly chain: ChainId;
  readonly seen: Seen;
  readonly time: number;
  /** What the relay of the group signs claim tokens with. */
  readonly claimKey: ClaimTokenKey;
  /** Public unless it is said. */
  readonly handshakes?: HandshakeMode;
}

/** A commit by `actor` with the event that belongs to it; an `edit` spoils what a test wants spoiled. */
export interface CommitDraft {
  readonly actor: TestActor;
  readonly add?: readonly TestActor[];
  readonly remove?: readonly TestActor[];
  /** Other proposals by value, beside none that this client makes itself. */
  readonly proposals?: readonly Proposal[];
  readonly eventId?: Uint8Array;
  /** The event id that the commit itself names, where that is another. */
  readonly boundTo?: Uint8Array;
  readonly editBody?: (body: MlsCommit) => MlsCommit;
  readonly editBundle?: (bundle: CommitBundle) => CommitBundle;
  /** Whether the GroupInfo holds the tree, as those of other clients may. */
  readonly carriesTree?: boolean;
  /** When the added KeyPackages were made. */
  readonly keyPackageTime?: number;
  /** What their claim tokens say, where that is odd. */
  readonly claim?: Claim;
}

/** Where and when a KeyPackage was claimed, and who says so. */
interface Claim {
  readonly chain?: Uint8Array;
  readonly at?: number;
  readonly key?: ClaimTokenKey;
}

/** The claim token key of a relay with this checkpoint seed. */
export function claimKeyOf(checkpointSeed: Uint8Array): ClaimTokenKey {
  const seed = claimTokenSeed(checkpointSeed);
  return { publicKey: publicKeyOf(seed), sign: (message) => signEd25519(seed, message) };
}

/** The relay's word that a KeyPackage was claimed for a group. */
export function claimFor(
  place: GroupPlace,
  named: { readonly actor: Uint8Array; readonly keyPackageRef: Uint8Array },
  notAfter: number,
  claim: Claim = {},
): ClaimToken {
  const { chain = place.chain, at = place.time, key = place.claimKey } = claim;
  return issueClaimToken({ ...named, chain, notAfter }, key, at);
}

export interface DraftedCommit {
  readonly bundle: CommitBundle;
  /** The committer's state once the relay has taken it. */
  readonly next: GroupState;
  /** Those of the added. */
  readonly join: () => Promise<readonly GroupState[]>;
}

let nextId = 0;

/** A bundle with the event that names its parts, unless an `edit` spoils what a test wants spoiled. */
function bundleOf(
  { actor, editBody, editBundle }: Pick<CommitDraft, 'actor' | 'editBody' | 'editBundle'>,
  place: GroupPlace,
  eventId: Uint8Array,
  parts: {
    readonly pending: PendingCommit;
    readonly named: Pick<MlsCommit, 'welcomeRefs' | 'roster'>;
    readonly claimTokens: readonly ClaimToken[];
  },
): CommitBundle {
  const { pending, named, claimTokens } = parts;
  const body: MlsCommit = {
    epoch: pending.epoch,
    commitHash: sha256(pending.commit),
    commitSize: pending.commit.length,
    groupInfoHash: sha256(pending.groupInfo),
    groupInfoSize: pending.groupInfo.length,
    treeHash: pending.treeHash,
    ...named,
  };
  const type = mlsCommit.type;
  const event = actor.sign({ ...place, type, body: mlsCommit.encodeBody(editBody?.(body) ?? body), eventId });
  const { commit, welcome = NOTHING, groupInfo } = pending;
  const bundle = { event: event.event, signature: event.signature, commit, welcome, groupInfo, claimTokens };
  return editBundle?.(bundle) ?? bundle;
}

/** What a relay gives to somebody who comes back in: of the epoch in force. */
export interface WayIn {
  readonly groupInfo: Uint8Array;
  readonly ratchetTree: Uint8Array;
}

/** A commit by which `actor` comes back in from outside. */
export async function draftResync(
  place: GroupPlace,
  wayIn: WayIn,
  draft: Omit<CommitDraft, 'add' | 'remove'>,
): Promise<DraftedCommit> {
  const { actor, eventId = bytesFor('commit', nextId++, 16) } = draft;
  const authenticatedData = encodeAuthenticatedData({ actor: actor.key, eventId: draft.boundTo ?? eventId });
  const identity = await mlsIdentityFor(actor);
  const pending = valueOf(await resync({ identity, ...wayIn, authenticatedData, nowMs: place.time }));
  const named = { welcomeRefs: [], roster: { added: [], removed: [] } };
  const bundle = bundleOf(draft, place, eventId, { pending, named, claimTokens: [] });
  return { bundle, next: pending.next, join: async () => [] };
}

export async function draftCommit(place: GroupPlace, state: GroupState, draft: CommitDraft): Promise<DraftedCommit> {
  const { actor, add = [], remove = [], eventId = bytesFor('commit', nextId++, 16) } = draft;
  const { handshakes = 'public' } = place;
  const nowMs = draft.keyPackageTime ?? place.time;
  const keyPackages = await Promise.all(add.map(async (one) => newKeyPackage(await mlsIdentityFor(one), { nowMs })));
  const authenticatedData = encodeAuthenticatedData({ actor: actor.key, eventId: draft.boundTo ?? eventId });
  const request = {
    add: keyPackages.map(({ message }) => message),
    remove: remove.flatMap(({ key }) => parseActorKey(key) ?? []),
  };
  const made =
    draft.proposals === undefined
      ? valueOf(await commit(state, { ...request, authenticatedData, nowMs, handshakes }))
      : await commitProposals(state, draft.proposals, authenticatedData);
  const pending = draft.carriesTree === true ? { ...made, groupInfo: await makeGroupInfo(made.next) } : made;
  const named = {
    welcomeRefs: keyPackages.map(({ ref }, i) => ({ actor: (add[i] as TestActor).key, keyPackageRef: ref })),
    roster: {
      added: add.map(({ key }) => ({ actor: key, role: 'member' as const })),
      removed: remove.map(({ key }) => key),
    },
  };
  const claimTokens = keyPackages.map(({ ref: keyPackageRef, notAfterMs }, i) =>
    claimFor(place, { actor: (add[i] as TestActor).key, keyPackageRef }, notAfterMs, draft.claim),
  );
  const bundle = bundleOf(draft, place, eventId, { pending, named, claimTokens });
  const treeBeside = handshakes === 'opaque' ? undefined : treeOf(pending.next);
  const join = (): Promise<GroupState[]> =>
    Promise.all(
      keyPackages.map(
        async ({ privateState }) => valueOf(await joinGroup(bundle.welcome, privateState, treeBeside)).state,
      ),
    );
  return { bundle, next: valueOf(acceptOwnCommit(made.spent, pending)), join };
}

/** The end of a group that goes on as `successor`, by `actor`. */
export async function draftReinit(
  place: GroupPlace,
  state: GroupState,
  draft: Pick<CommitDraft, 'actor' | 'proposals' | 'editBundle'> & {
    readonly successor: Uint8Array;
    readonly editBody?: (body: MlsReinitialised) => MlsReinitialised;
  },
): Promise<{ readonly bundle: CommitBundle; readonly next: GroupState }> {
  const { actor, successor, proposals } = draft;
  const eventId = bytesFor('commit', nextId++, 16);
  const authenticatedData = encodeAuthenticatedData({ actor: actor.key, eventId });
  const named = { groupId: successor, suite: state.suite };
  const pending =
    proposals === undefined
      ? valueOf(
          await commit(state, {
            successor: named,
            authenticatedData,
            nowMs: place.time,
            handshakes: place.handshakes ?? 'public',
          }),
        )
      : await commitProposals(state, proposals, authenticatedData);
  const { epoch, commit: message, commitHash, groupInfo, treeHash } = pending;
  const body: MlsReinitialised = {
    epoch,
    commitHash,
    commitSize: message.length,
    groupInfoHash: sha256(groupInfo),
    groupInfoSize: groupInfo.length,
    treeHash,
    successor,
    ciphersuite: state.suite,
  };
  const { type } = mlsReinitialised;
  const signed = actor.sign({
    ...place,
    type,
    body: mlsReinitialised.encodeBody(draft.editBody?.(body) ?? body),
    eventId,
  });
  const { event, signature } = signed;
  const bundle = { event, signature, commit: message, welcome: NOTHING, groupInfo, claimTokens: [] };
  return { bundle: draft.editBundle?.(bundle) ?? bundle, next: pending.next };
}

/** By the library itself, which commits what this client would not. */
async function commitProposals(
  state: GroupState,
  proposals: readonly Proposal[],
  authenticatedData: Uint8Array,
): Promise<MadeCommit> {
  const { commit: message, client, groupInfo } = await commitAnything(state, proposals, { authenticatedData });
  const next = valueOf(makeState(client));
  const { treeHash } = client.groupContext;
  return {
    epoch: state.epoch,
    commit: message,
    commitHash: sha256(message),
    welcome: undefined,
    groupInfo,
    treeHash,
    next,
    spent: state,
  };
}

/** A proposal by the holder of a state with the event that belongs to it; an `edit` spoils what a test wants spoiled. */
export interface ProposalDraft {
  readonly actor: TestActor;
  /** To leave, unless a test says otherwise. */
  readonly proposal?: Proposal;
  readonly eventId?: Uint8Array;
  /** The event id that the proposal itself names, where that is another. */
  readonly boundTo?: Uint8Array;
  readonly editBody?: (body: MlsProposal) => MlsProposal;
  /** Other bytes in the place of the proposal, named by the event as they are. */
  readonly editMessage?: (message: Uint8Array) => Uint8Array;
}

export async function draftProposal(
  place: GroupPlace,
  state: GroupState,
  draft: ProposalDraft,
): Promise<Submission & { readonly payload: Uint8Array }> {
  const { actor, eventId = bytesFor('proposal', nextId++, 16), proposal = removalOf(state.leafIndex) } = draft;
  const data = encodeAuthenticatedData({ actor: actor.key, eventId: draft.boundTo ?? eventId });
  const { client } = openState(state);
  const isPublic = place.handshakes !== 'opaque';
  const made = await createProposal(client, isPublic, proposal, await loadDefaultSuite(), data);
  const genuine = encodeMlsMessage(made.message);
  const [ref] = Object.keys(made.newState.unappliedProposals).flatMap((name) => fromBase64(name) ?? []);
  const payload = draft.editMessage?.(genuine) ?? genuine;
  const body: MlsProposal = {
    epoch: state.epoch,
    purpose: draft.proposal === undefined ? 'leave' : 'other',
    proposalRef: isPublic ? valueOf(parseProposalMessage(genuine)).ref : (ref as Uint8Array),
    proposalHash: sha256(payload),
    proposalSize: payload.length,
  };
  const signed = actor.sign({
    ...place,
    type: mlsProposal.type,
    body: mlsProposal.encodeBody(draft.editBody?.(body) ?? body),
    eventId,
  });
  return { ...signed, payload };
}

/** The founding of a group in its chain by `actor`, with the GroupInfo of another founder where a test wants that. */
export async function draftCreation(
  place: GroupPlace,
  actor: TestActor,
  {
    founder = actor,
    edit = (body) => body,
    proposer,
  }: {
    founder?: TestActor;
    edit?: (body: MlsCreated) => MlsCreated;
    proposer?: ExternalSender;
  } = {},
): Promise<{ readonly bundle: CommitBundle; readonly state: GroupState }> {
  const identity = await mlsIdentityFor(founder);
  const founded = await createGroup({ groupId: place.chain, identity, nowMs: place.time, proposer });
  const groupInfo = place.handshakes === 'opaque' ? NOTHING : founded.groupInfo;
  const body = edit({
    ciphersuite: 1,
    groupInfoHash: sha256(groupInfo),
    groupInfoSize: groupInfo.length,
    treeHash: founded.treeHash,
  });
  const { event, signature } = actor.sign({ ...place, type: mlsCreated.type, body: mlsCreated.encodeBody(body) });
  const alone = { commit: NOTHING, welcome: NOTHING, claimTokens: [] };
  const bundle = { event, signature, groupInfo, ...alone };
  return { bundle, state: founded.state };
}
