import type { ClientState, GroupInfo, KeyPackage, Proposal, ProposalOrRef, Welcome } from 'ts-mls';
import { createGroup, joinGroup, makePskIndex } from 'ts-mls/clientState.js';
import { createCommit, createGroupInfoWithExternalPubAndRatchetTree, joinGroupExternal } from 'ts-mls/createCommit.js';
import { createProposal } from 'ts-mls/createMessage.js';
import { createContentCommitSignature } from 'ts-mls/framedContent.js';
import { signLeafNodeCommit, type LeafNodeUpdate } from 'ts-mls/leafNode.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { protectExternalProposalPublic, protectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { updateLeafKey } from 'ts-mls/privateKeyPath.js';
import { processPublicMessage } from 'ts-mls/processMessages.js';
import type { Sender } from 'ts-mls/sender.js';
import type { UpdatePath } from 'ts-mls/updatePath.js';
import type { Result, VerifyJob } from '../../../../core/index.ts';
import {
  addProposal,
  applyCommit,
  bootstrapGroup,
  checkNextGroupInfo,
  checkWelcome,
  DEFAULT_SUITE,
  type FollowedCommit,
  type PublicGroup,
} from '../../../../core/mls/index.ts';
import { clientConfigFor } from '../../../../sdk/mls/client-config.ts';
import { decodeTree } from '../../../../sdk/mls/decode-tree.ts';
import { drawKeyPackage, type OwnKeyPackage } from '../../../../sdk/mls/own-key-package.ts';
import { loadDefaultSuite } from '../../../../sdk/mls/suite.ts';
import { GROUP_ID, makePerson, NOW_MS, valueOf, type Person } from '../../../sdk/mls/people.ts';
import { isGenuine } from '../genuine.ts';

/**
 * Members with ts-mls and their secrets, and the public group that is to follow them. What they send is genuine unless it is
 * made by `forgeCommit`, which signs whatever it is given.
 */
export interface Member {
  readonly person: Person;
  readonly client: ClientState;
}

export interface Bundle {
  readonly commit: Uint8Array;
  readonly welcome: Uint8Array;
  readonly groupInfo: Uint8Array;
}

export interface Crew {
  readonly members: readonly Member[];
  readonly group: PublicGroup;
  /** Of the epoch that they are in. */
  readonly groupInfo: Uint8Array;
}

export function draw(person: Person): Promise<OwnKeyPackage> {
  return drawKeyPackage(person.identity, { nowMs: NOW_MS });
}

/** Ada's group and whoever she adds, each followed from the founding on. People have seed bytes 1, 2, and so on. */
export async function makeCrew(size: number, extensions: GroupExtensions = []): Promise<Crew> {
  const people = await Promise.all(Array.from({ length: size }, (_, index) => makePerson(index + 1)));
  const own = await draw(people[0]!);
  const suite = await loadDefaultSuite();
  const founder = await createGroup(GROUP_ID, own.keyPackage, own.secrets, extensions, suite, clientConfigFor(1));
  const groupInfo = await groupInfoOf(founder);
  const { group } = genuine(bootstrapGroup(groupInfo));
  const alone = { members: [{ person: people[0]!, client: founder }], group, groupInfo };
  return size === 1 ? alone : commitInCrew(alone, 0, { add: people.slice(1) });
}

type GroupExtensions = ClientState['groupContext']['extensions'];

export interface CrewCommit {
  readonly add?: readonly Person[];
  readonly proposals?: readonly Proposal[];
}

/** One commit by value of a member, followed by all the others and the public group. Those it removes are gone. */
export async function commitInCrew(crew: Crew, committer: number, request: CrewCommit): Promise<Crew> {
  const own = await Promise.all((request.add ?? []).map(draw));
  const additions = own.map(({ keyPackage }) => additionOf(keyPackage));
  const by = crew.members[committer]!;
  const made = await commitBy(by.client, [...(request.proposals ?? []), ...additions]);
  const followed = followBundle(crew.group, made.bundle);
  const joiners = (request.add ?? []).map(async (person, position) => ({
    person,
    client: await joinBy(made.welcome!, own[position]!),
  }));
  const others = crew.members.map(async (member) =>
    member === by
      ? { ...by, client: made.client }
      : { ...member, client: await follow(member.client, made.bundle.commit) },
  );
  const members = (await Promise.all([...others, ...joiners])).filter(isMember);
  return { members, group: followed.group, groupInfo: made.bundle.groupInfo };
}

export function isMember({ client }: Member): boolean {
  return client.groupActiveState.kind !== 'removedFromGroup';
}

export async function commitBy(client: ClientState, extraProposals: Proposal[] = []) {
  const context = { state: client, cipherSuite: await loadDefaultSuite(), pskIndex: makePskIndex(client, KNOWN_PSKS) };
  const made = await createCommit(context, { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals });
  const { newState, welcome } = made;
  const bundle: Bundle = {
    commit: encodeMlsMessage(made.commit),
    welcome: welcome ? encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome }) : new Uint8Array(),
    groupInfo: await groupInfoOf(newState),
  };
  return { bundle, client: newState, welcome };
}

/** Pre-shared keys that every member has. */
const KNOWN_PSKS = { [btoa('shared')]: new Uint8Array(32).fill(9) };

export async function joinBy(welcome: Welcome, { keyPackage, secrets }: OwnKeyPackage): Promise<ClientState> {
  const psks = makePskIndex(undefined, KNOWN_PSKS);
  return joinGroup(
    welcome,
    keyPackage,
    secrets,
    psks,
    await loadDefaultSuite(),
    undefined,
    undefined,
    clientConfigFor(1),
  );
}

/** Joins by a commit of its own, and takes its former leaf's place if it has one. */
export async function joinFromOutside(
  groupInfo: Uint8Array,
  person: Person,
  resync: boolean,
  ratchetTree?: Uint8Array,
) {
  const { keyPackage, secrets } = await draw(person);
  const opened = openGroupInfo(groupInfo);
  const suite = await loadDefaultSuite();
  const tree = ratchetTree && decodeTree(ratchetTree, DEFAULT_SUITE);
  const made = await joinGroupExternal(opened, keyPackage, secrets, resync, suite, tree, clientConfigFor(1));
  const { publicMessage, newState } = made;
  const commit = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
  const bundle: Bundle = { commit, welcome: new Uint8Array(), groupInfo: await groupInfoOf(newState) };
  return { bundle, client: newState };
}

export async function follow(client: ClientState, message: Uint8Array): Promise<ClientState> {
  const decoded = decodeMlsMessage(message.slice(), 0)?.[0];
  if (decoded?.wireformat !== 'mls_public_message') throw new Error('no PublicMessage');
  const psks = makePskIndex(client, KNOWN_PSKS);
  return (await processPublicMessage(client, decoded.publicMessage, psks, await loadDefaultSuite())).newState;
}

/** All that the relay would check of a bundle. Throws where anything is refused. */
export function followBundle(group: PublicGroup, { commit, welcome, groupInfo }: Bundle): FollowedCommit {
  const followed = genuine(applyCommit(group, commit));
  valueOf(checkWelcome(followed, welcome));
  const signature = valueOf(checkNextGroupInfo(followed, groupInfo));
  if (!isGenuine([signature])) throw new Error('the GroupInfo is forged');
  return followed;
}

export function propose(group: PublicGroup, message: Uint8Array): PublicGroup {
  return genuine(addProposal(group, message)).group;
}

interface Signed {
  readonly signatures: readonly VerifyJob[];
  readonly bindings: readonly VerifyJob[];
}

export function genuine<T extends Signed>(result: Result<T, unknown>): T {
  const value = valueOf(result);
  if (!isGenuine([...value.signatures, ...value.bindings])) throw new Error('a signature fails');
  return value;
}

export async function groupInfoOf(client: ClientState): Promise<Uint8Array> {
  const groupInfo = await createGroupInfoWithExternalPubAndRatchetTree(client, [], await loadDefaultSuite());
  return encodeGroupInfo(groupInfo);
}

export function encodeGroupInfo(groupInfo: GroupInfo): Uint8Array {
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo });
}

export function openGroupInfo(message: Uint8Array): GroupInfo {
  const decoded = decodeMlsMessage(message, 0)?.[0];
  if (decoded?.wireformat !== 'mls_group_info') throw new Error('no GroupInfo');
  return decoded.groupInfo;
}

/** A proposal by a member, and the member with it pending. */
export async function proposeBy(client: ClientState, proposal: Proposal) {
  const made = await createProposal(client, true, proposal, await loadDefaultSuite());
  return { message: encodeMlsMessage(made.message), client: made.newState };
}

/** Somebody's proposal from outside: an external sender's, or a newcomer's own Add. */
export async function proposeFromOutside(
  client: ClientState,
  proposal: Proposal,
  sender: Extract<Sender, { senderType: 'external' | 'new_member_proposal' }>,
  signatureSeed: Uint8Array,
): Promise<Uint8Array> {
  const { groupContext } = client;
  const suite = await loadDefaultSuite();
  const made = await protectExternalProposalPublic(
    signatureSeed,
    groupContext,
    new Uint8Array(),
    proposal,
    sender,
    suite,
  );
  const { publicMessage } = made;
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
}

/** A fresh leaf for the member's place, with the secret that goes with it. */
export async function updateOf(client: ClientState, alter: Partial<LeafNodeUpdate> = {}) {
  const suite = await loadDefaultSuite();
  const keys = await suite.hpke.generateKeyPair();
  const { leafIndex } = client.privatePath;
  const before = client.ratchetTree[leafIndex * 2];
  if (before?.nodeType !== 'leaf') throw new Error('no leaf');
  const tbs = {
    ...before.leaf,
    hpkePublicKey: await suite.hpke.exportPublicKey(keys.publicKey),
    ...alter,
    leafNodeSource: 'update',
    groupId: client.groupContext.groupId,
    leafIndex,
  };
  // It signs any LeafNodeTBS, whatever its type says.
  const signed = await signLeafNodeCommit(tbs as never, client.signaturePrivateKey, suite.signature);
  const proposal: Proposal = { proposalType: 'update', update: { leafNode: signed as unknown as LeafNodeUpdate } };
  const secret = await suite.hpke.exportPrivateKey(keys.privateKey);
  return { proposal, renewed: { ...client, privatePath: updateLeafKey(client.privatePath, secret) } };
}

export function additionOf(keyPackage: KeyPackage): Proposal {
  return { proposalType: 'add', add: { keyPackage } };
}

export function byValue(proposal: Proposal): ProposalOrRef {
  return { proposalOrRefType: 'proposal', proposal };
}

export function byReference(reference: Uint8Array): ProposalOrRef {
  return { proposalOrRefType: 'reference', reference };
}

/** A commit of anything at all, signed as it should be. Its tags are made up: they take secrets to check. */
export async function forgeCommit(
  client: ClientState,
  proposals: readonly ProposalOrRef[],
  options: { readonly path?: UpdatePath; readonly sender?: Sender } = {},
): Promise<Uint8Array> {
  const suite = await loadDefaultSuite();
  const sender = options.sender ?? { senderType: 'member', leafIndex: client.privatePath.leafIndex };
  const { framedContent: content, signature } = await createContentCommitSignature(
    client.groupContext,
    'mls_public_message',
    { proposals: [...proposals], path: options.path },
    sender,
    new Uint8Array(),
    client.signaturePrivateKey,
    suite.signature,
  );
  const auth = { contentType: 'commit' as const, signature, confirmationTag: new Uint8Array(32) };
  const { membershipKey } = client.keySchedule;
  const framed = { wireformat: 'mls_public_message' as const, content, auth };
  const publicMessage = await protectPublicMessage(membershipKey, client.groupContext, framed, suite);
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
}
