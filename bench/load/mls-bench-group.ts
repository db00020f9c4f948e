import { encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import {
  appendAnswer,
  commitBundle,
  decode,
  encode,
  MEDIA_TYPE,
  mlsCommit,
  mlsCreated,
  sha256,
  toBase64Url,
  type ChainId,
  type ClaimToken,
  type CommitBundle,
} from '../../core/index.ts';
import { encodeAuthenticatedData, DEFAULT_SUITE } from '../../core/mls/index.ts';
import { HttpClient } from '../../sdk/http-client.ts';
import {
  acceptOwnCommit,
  commit,
  createGroup,
  createMlsIdentity,
  newKeyPackage,
  type GroupState,
  type MlsIdentity,
  type PendingCommit,
} from '../../sdk/mls/index.ts';
import { openState } from '../../sdk/mls/open-state.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { platformOf } from '../../sdk/platform.ts';
import { RelayClient } from '../../sdk/relay-client.ts';
import type { SpawnedRelay } from '../../workers/local.ts';
import {
  foundChain,
  groupOf,
  newActor,
  newLoadEventId,
  seenOf,
  signEvent,
  type LoadActor,
  type Seen,
} from './bench-group.ts';

/** Members that one commit adds on the way to a large group. */
const ADDED_AT_ONCE = 100;
/** Devices that publish at the same time, and are claimed from in one request. */
const DEVICES_AT_ONCE = 16;
const NOTHING = new Uint8Array(0);

interface Joiner {
  readonly actor: Uint8Array;
  readonly ref: Uint8Array;
  readonly keyPackage: Uint8Array;
  readonly token: ClaimToken;
}

/** A commit that is made and not sent. */
export interface PreparedCommit {
  readonly made: PendingCommit;
  readonly eventId: Uint8Array;
  readonly added: readonly Joiner[];
  readonly removed: readonly Uint8Array[];
}

/**
 * An MLS group at a relay whose founder alone commits. Everyone else is a genuine device with a KeyPackage that was published
 * and claimed, and reads nothing. Nobody else has ever set a key in the tree, so that an update's path is as long as it can
 * be: one ciphertext for each member.
 */
export class MlsBenchGroup {
  readonly #relay: SpawnedRelay;
  readonly #chain: ChainId;
  readonly #founder: LoadActor;
  #seen: Seen;
  #state: GroupState;

  private constructor(relay: SpawnedRelay, chain: ChainId, founder: LoadActor, seen: Seen, state: GroupState) {
    this.#relay = relay;
    this.#chain = chain;
    this.#founder = founder;
    this.#seen = seen;
    this.#state = state;
  }

  /** A group of this many members. */
  static async found(relay: SpawnedRelay, size: number): Promise<MlsBenchGroup> {
    const founder = newActor();
    const { chain, seen } = await foundChain(relay, founder, groupOf('mls'));
    const identity = await identityOf(founder);
    const { state, groupInfo, treeHash } = await createGroup({ groupId: chain, identity, nowMs: Date.now() });
    const group = new MlsBenchGroup(relay, chain, founder, seen, state);
    const created = {
      ciphersuite: DEFAULT_SUITE.id,
      groupInfoHash: sha256(groupInfo),
      groupInfoSize: groupInfo.length,
      treeHash,
    };
    const event = { type: mlsCreated.type, body: mlsCreated.encodeBody(created), eventId: newLoadEventId() };
    await group.#post(event, { commit: NOTHING, welcome: NOTHING, groupInfo, claimTokens: [] });
    for (let members = 1; members < size; members += ADDED_AT_ONCE) {
      await group.send(await group.prepareAdd(Math.min(ADDED_AT_ONCE, size - members)));
    }
    return group;
  }

  /** The tree of the epoch in force, as a `ratchet_tree` extension has it. */
  tree(): Uint8Array {
    return encodeRatchetTree(openState(this.#state).client.ratchetTree);
  }

  /** New keys for the whole group. */
  prepareUpdate(): Promise<PreparedCommit> {
    return this.#prepare([], []);
  }

  async prepareAdd(count: number): Promise<PreparedCommit> {
    const joiners: Joiner[] = [];
    while (joiners.length < count) {
      const step = Math.min(DEVICES_AT_ONCE, count - joiners.length);
      const devices = await Promise.all(Array.from({ length: step }, () => this.#newDevice()));
      joiners.push(...(await this.#claim(devices)));
    }
    return this.#prepare(joiners, []);
  }

  prepareRemove(actors: readonly Uint8Array[]): Promise<PreparedCommit> {
    return this.#prepare([], actors);
  }

  /** Resolves when the relay has answered; rejects where it refuses. */
  async send({ made, eventId, added, removed }: PreparedCommit): Promise<void> {
    const body = mlsCommit.encodeBody({
      epoch: made.epoch,
      commitHash: made.commitHash,
      commitSize: made.commit.length,
      groupInfoHash: sha256(made.groupInfo),
      groupInfoSize: made.groupInfo.length,
      treeHash: made.treeHash,
      welcomeRefs: added.map(({ actor, ref }) => ({ actor, keyPackageRef: ref })),
      roster: { added: added.map(({ actor }) => ({ actor, role: 'member' })), removed },
    });
    const { commit: bytes, welcome = NOTHING, groupInfo } = made;
    const claimTokens = added.map(({ token }) => token);
    await this.#post({ type: mlsCommit.type, body, eventId }, { commit: bytes, welcome, groupInfo, claimTokens });
    const next = acceptOwnCommit(this.#state, made);
    if (!next.ok) throw new Error(`an own commit is refused: ${next.error.code}`);
    this.#state = next.value;
  }

  async #prepare(added: readonly Joiner[], removed: readonly Uint8Array[]): Promise<PreparedCommit> {
    const eventId = newLoadEventId();
    const made = await commit(this.#state, {
      add: added.map(({ keyPackage }) => keyPackage),
      remove: removed,
      authenticatedData: encodeAuthenticatedData({ actor: this.#founder.actor, eventId }),
      nowMs: Date.now(),
    });
    if (!made.ok) throw new Error(`a commit can't be made: ${made.error.code}`);
    return { made: made.value, eventId, added, removed };
  }

  /** Somebody new, whose device has published a KeyPackage. */
  async #newDevice(): Promise<Uint8Array> {
    const device = newActor();
    const { message } = await newKeyPackage(await identityOf(device), { nowMs: Date.now() });
    const publication = { mode: 'add', keyPackages: [message] } as const;
    await this.#clientOf(device).publishKeyPackages(device.actor, publication);
    return device.actor;
  }

  async #claim(devices: readonly Uint8Array[]): Promise<Joiner[]> {
    const claims = { ciphersuite: DEFAULT_SUITE.id, devices };
    const outcomes = await this.#clientOf(this.#founder).claimKeyPackages(this.#chain, claims);
    return outcomes.map((outcome, i) => {
      if (outcome.kind !== 'claimed') throw new Error(`a claim came to nothing: ${outcome.kind}`);
      return { actor: devices[i] as Uint8Array, ...outcome.value };
    });
  }

  #clientOf(actor: LoadActor): RelayClient {
    const http = new HttpClient(this.#relay.url, platformOf(nodePlatform()));
    http.signAs(actor);
    return new RelayClient(http);
  }

  async #post(
    draft: { readonly type: number; readonly body: Uint8Array; readonly eventId: Uint8Array },
    messages: Omit<CommitBundle, 'event' | 'signature'>,
  ): Promise<void> {
    const { event, signature } = signEvent(this.#founder, { ...draft, chain: this.#chain, seen: this.#seen });
    const body = encode(commitBundle, { event, signature, ...messages }) as Uint8Array<ArrayBuffer>;
    const url = `${this.#relay.url}/v1/chains/${toBase64Url(this.#chain)}/commits`;
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': MEDIA_TYPE }, body });
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
    const answer = decode(appendAnswer, new Uint8Array(await response.arrayBuffer()));
    if (!answer.ok) throw new Error(`${url} gave a malformed answer`);
    this.#seen = seenOf({ event, signature }, answer.value);
  }
}

function identityOf({ actor, sign }: LoadActor): Promise<MlsIdentity> {
  return createMlsIdentity({ actor, sign: (message) => Promise.resolve(sign(message)) });
}
