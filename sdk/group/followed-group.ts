import {
  accountNamed,
  ACTOR_BYTES,
  findMember,
  holdsRole,
  FIRST_APPLICATION_TYPE,
  fromBase64Url,
  guaranteesOf,
  isLeaving,
  isOpaque,
  roleChanged,
  toBase64Url,
  utf8ToBytes,
  type ChainId,
  type EventDefinition,
  type GrantedRole,
  type GroupState,
  type HandshakeMode,
  type Submission,
} from '../../core/index.ts';
import { GroupAttachments, type GroupBlobs } from '../attachment/group-attachments.ts';
import { ChainFollower, type FollowedChain } from '../chain/chain-follower.ts';
import { chainKeys } from '../chain/chain-keys.ts';
import { ChainWriter, type Delivery, type Submit } from '../chain/chain-writer.ts';
import { LiveChain } from '../chain/live-chain.ts';
import { newEventId } from '../chain/sign-event.ts';
import { RemovedError, UsageError, type TeraChatError } from '../errors.ts';
import type {
  ApplicationEvent,
  CallOptions,
  CommitOptions,
  CommitReportView,
  ConnectionListener,
  Group,
  GroupMember,
  GroupStatus,
  GroupView,
  InviteDelivery,
  InviteOptions,
  PostOptions,
  ReadOptions,
  ReinitDelivery,
  ReinitOptions,
  SendOptions,
} from './group.ts';
import type { GroupContext } from './group-context.ts';
import { viewAccounts, type FollowedAccount } from './followed-account.ts';
import { FollowedPolicy, type GroupPolicy } from './group-policy.ts';
import { parseGroupId } from './group-register.ts';
import { readImport } from './read-import.ts';
import { GroupReader, removalOf, type Opening } from './group-reader.ts';
import { Dispatcher } from './dispatcher.ts';
import { MessageSender, type BeginSealing } from './message-sender.ts';
import { Outbox, type OutboxRecord } from './outbox.ts';
import { OutgoingFeed } from './outgoing-feed.ts';
import type { OutgoingMessage } from './outgoing.ts';
import {
  TEXT_CONTENT,
  type ApplicationItem,
  type Message,
  type SealedMessage,
  type StoredItem,
  type TimelineContent,
  type TimelineItem,
} from './timeline-item.ts';
import { TimelineReader } from './timeline-reader.ts';
import { Timeline } from './timeline.ts';

/** What differs between kinds of groups: how content is opened and sealed. */
export interface GroupKeys {
  readonly opening: Opening;
  readonly beginSealing: BeginSealing;
}

/** What every group is, whichever way its content is sealed and its members change. */
export abstract class FollowedGroup implements Group {
  abstract readonly membership: 'plain' | 'mls';
  readonly id: string;
  readonly blobs: GroupBlobs;
  readonly policy: GroupPolicy;
  protected readonly context: GroupContext;
  protected readonly follower: ChainFollower;
  protected readonly writer: ChainWriter;
  readonly #live: LiveChain;
  readonly #connectionListeners = new Set<ConnectionListener>();
  readonly #dispatcher: Dispatcher;
  readonly #reader: TimelineReader;
  #wasRead = false;

  protected constructor(context: GroupContext, chain: ChainId, makeKeys: (outbox: Outbox) => GroupKeys) {
    this.id = toBase64Url(chain);
    this.blobs = new GroupAttachments(this, context, chain);
    this.policy = new FollowedPolicy({
      client: context.client,
      state: async () => groupStateOf(await this.follower.known()),
      prepare: (signal) => this.assertMember(signal),
      append: (definition, body, signal) => this.appendEvent(definition, body, signal),
    });
    this.context = context;
    const self = context.signer.actor;
    const keys = chainKeys(chain);
    const outbox = new Outbox(context.storage, keys);
    const { opening, beginSealing } = makeKeys(outbox);
    this.follower = new ChainFollower(context, chain, new GroupReader(keys, self, opening));
    this.#live = new LiveChain(context, this.follower, {
      onConnection: (isOpen, cause) => this.#noteConnection(isOpen, cause),
      whileOpen: (signal) => this.whileLive(signal),
    });
    const overHttp: Submit = (submissions, signal) => context.client.append(chain, submissions, signal);
    this.writer = new ChainWriter(context, this.follower, this.#live.submitter(overHttp));
    const timeline = new Timeline(context.storage, keys);
    this.#reader = new TimelineReader({ timeline, follower: this.follower, live: this.#live, self });
    this.#dispatcher = this.#makeDispatcher(outbox, beginSealing, timeline);
  }

  #makeDispatcher(outbox: Outbox, beginSealing: BeginSealing, timeline: Timeline): Dispatcher {
    const { context, follower, writer } = this;
    const feed = new OutgoingFeed();
    const onSealed = (record: OutboxRecord): void => void feed.note(record, 0);
    const sender = new MessageSender({ context, follower, writer, outbox, beginSealing, onSealed });
    const assertMember = (signal: AbortSignal): Promise<void> => this.prepareToSend(signal);
    const { platform } = context;
    return new Dispatcher({ outbox, feed, sender, follower, timeline, platform, assertMember });
  }

  /** Brings entry 0 to the relay. */
  found(genesis: Submission, signal: AbortSignal | undefined): Promise<Delivery> {
    return this.writer.found(genesis, signal);
  }

  async view(): Promise<GroupView> {
    const chain = await this.follower.known();
    const { cursor, checkpoint } = chain;
    const state = groupStateOf(chain);
    return {
      status: await this.statusIn(chain),
      size: cursor.size,
      head: toBase64Url(cursor.head),
      checkpoint: checkpoint.note,
      relayTime: cursor.relayTime,
      epoch: state.mls?.epoch ?? 0,
      suite: state.mls?.ciphersuite,
      guarantees: guaranteesOf(state.genesis),
    };
  }

  async members(): Promise<readonly GroupMember[]> {
    const { roster } = groupStateOf(await this.follower.known());
    const self = toBase64Url(this.context.signer.actor);
    const members = roster.flatMap((member) => {
      if (!holdsRole(member)) return [];
      const { role, since } = member;
      const actor = toBase64Url(member.actor);
      return [{ actor, role, since, isMe: actor === self, isLeaving: isLeaving(member) }];
    });
    return members.sort((one, other) => one.since - other.since);
  }

  async accounts(): Promise<readonly FollowedAccount[]> {
    return viewAccounts(groupStateOf(await this.follower.known()));
  }

  async reports(): Promise<readonly CommitReportView[]> {
    const { mls } = groupStateOf(await this.follower.known());
    return (mls?.reports ?? []).map(({ commitIndex, committer, reporter, fault, index }) => {
      return { commit: commitIndex, committer: toBase64Url(committer), reporter: toBase64Url(reporter), fault, index };
    });
  }

  async catchUp({ signal }: CallOptions = {}): Promise<void> {
    await this.follower.catchUp(signal);
    this.#wasRead = true;
  }

  async send(
    content: string | Uint8Array,
    { contentType = TEXT_CONTENT, signal }: SendOptions = {},
  ): Promise<Delivery> {
    await this.#assertNotOut();
    return this.#dispatcher.send(bytesOf(content), contentType, signal);
  }

  async post(content: string | Uint8Array, { contentType = TEXT_CONTENT }: PostOptions = {}): Promise<OutgoingMessage> {
    await this.#assertNotOut();
    return this.#dispatcher.post(bytesOf(content), contentType);
  }

  pending(): Promise<readonly OutgoingMessage[]> {
    return this.#dispatcher.list();
  }

  outgoing({ signal }: CallOptions = {}): AsyncIterableIterator<OutgoingMessage> {
    return this.#dispatcher.watch(signal);
  }

  cancel(eventId: string): Promise<boolean> {
    return this.#dispatcher.cancel(eventId);
  }

  retry(eventId: string): Promise<boolean> {
    return this.#dispatcher.retry(eventId);
  }

  outboxRoom({ signal }: CallOptions = {}): Promise<void> {
    return this.#dispatcher.room(signal);
  }

  /** Sends what waits, and rejects with what it could not be sent for. */
  resume(signal?: AbortSignal): Promise<void> {
    return this.#dispatcher.flush(signal);
  }

  /** The same without waiting for it. */
  sendWaiting(): void {
    this.#dispatcher.start();
  }

  onConnection(listener: ConnectionListener): () => void {
    this.#connectionListeners.add(listener);
    return () => this.#connectionListeners.delete(listener);
  }

  #noteConnection(isOpen: boolean, cause: TeraChatError | undefined): void {
    if (isOpen) {
      this.recoverInBackground();
      this.#dispatcher.hurry();
    }
    for (const listener of this.#connectionListeners) listener(isOpen, cause);
  }

  messages(options: ReadOptions = {}): AsyncIterableIterator<Message | SealedMessage> {
    return this.#reader.read(options, ({ content }) => content.kind === 'message' || content.kind === 'sealed');
  }

  timeline(options: ReadOptions = {}): AsyncIterableIterator<TimelineItem> {
    return this.#reader.read(options, () => true);
  }

  async append<Body>(definition: EventDefinition<Body>, body: Body, { signal }: CallOptions = {}): Promise<Delivery> {
    if (definition.type < FIRST_APPLICATION_TYPE)
      throw new TypeError(`${definition.name} is not an application's event`);
    await this.assertMember(signal);
    return this.appendEvent(definition, body, signal);
  }

  async *events<Body>(
    definition: EventDefinition<Body>,
    options: ReadOptions = {},
  ): AsyncGenerator<ApplicationEvent<Body>, void, undefined> {
    const isWanted = ({ content }: StoredItem): boolean => decodeOf(definition, content)?.ok === true;
    for await (const item of this.#reader.read<ApplicationItem>(options, isWanted)) {
      const { kind: _kind, type: _type, body, ...event } = item;
      const decoded = definition.decodeBody(body);
      if (decoded.ok) yield { ...event, body: decoded.value };
    }
  }

  abstract invite(
    actors: string | readonly string[],
    role?: GrantedRole,
    options?: InviteOptions,
  ): Promise<InviteDelivery>;
  abstract leave(options?: CallOptions): Promise<Delivery>;
  abstract remove(actor: string, options?: CommitOptions): Promise<Delivery>;
  abstract rotate(options?: CommitOptions): Promise<Delivery>;
  abstract reinit(options?: ReinitOptions): Promise<ReinitDelivery>;

  async changeRole(actor: string, role: GrantedRole, { signal }: CallOptions = {}): Promise<Delivery> {
    const member = parseActor(actor);
    await this.assertMember(signal);
    return this.appendEvent(roleChanged, { actor: member, role }, signal);
  }

  async nameAccount(account: string, { signal }: CallOptions = {}): Promise<Delivery> {
    const identity = parseGroupId(account);
    await this.assertMember(signal);
    const facts = await readImport(this.context.client, identity, signal);
    return this.appendEvent(accountNamed, { identity, facts }, signal);
  }

  close(): void {
    this.#dispatcher.close();
    this.#live.close();
  }

  protected appendEvent<Body>(
    definition: EventDefinition<Body>,
    body: Body,
    signal: AbortSignal | undefined,
  ): Promise<Delivery> {
    const eventId = newEventId(this.context.platform);
    const draft = { type: definition.type, body: definition.encodeBody(body), eventId };
    return this.writer.append(draft, this.context, signal);
  }

  /**
   * Before something is sent: reads what is new, so that it is signed over what the others see, and sealed for everyone who
   * is in. Where the chain is followed live that was done already; in a plain group once a session is enough. Saves a
   * request that can only be refused, too.
   */
  protected async assertMember(signal: AbortSignal | undefined): Promise<void> {
    const isFresh = this.#live.isOpen || (this.#wasRead && this.membership === 'plain');
    if (!isFresh) await this.catchUp({ signal });
    await this.recover(signal);
    await this.assertIn(await this.follower.known());
  }

  /** What comes before messages are sealed. */
  protected prepareToSend(signal: AbortSignal): Promise<void> {
    return this.assertMember(signal);
  }

  /** Takes back what this device has lost of the group, where that is needed before it can act. */
  protected recover(_signal: AbortSignal | undefined): Promise<void> {
    return Promise.resolve();
  }

  /** Called whenever the group is read live, with what aborts when that ends. */
  protected whileLive(_signal: AbortSignal): void {
    // A plain group has nothing that becomes old.
  }

  protected recoverInBackground(): void {
    // A plain group has nothing that could be lost.
  }

  /** What is known without asking the relay: nothing is kept for sending that can't be sent. */
  async #assertNotOut(): Promise<void> {
    const chain = await this.follower.current();
    const status = chain && (await this.statusIn(chain));
    if (chain !== undefined && status?.kind !== 'lost') await this.assertIn(chain);
  }

  protected async assertIn(chain: FollowedChain): Promise<void> {
    const status = await this.statusIn(chain);
    if (status.kind === 'removed') throw new RemovedError(status.index);
    if (status.kind === 'leaving') {
      throw new UsageError('leaving', `this identity asked to leave the group by entry ${status.index}`);
    }
    if (status.kind === 'reinitialised') {
      throw new UsageError('group-reinitialised', `the group goes on as ${status.successor}`);
    }
    if (status.kind === 'lost') {
      throw new UsageError('epoch-unreadable', `the change of keys at entry ${status.index} could not be followed`);
    }
  }

  protected async statusIn(chain: FollowedChain): Promise<GroupStatus> {
    const removed = removalOf(chain.state, this.context.signer.actor);
    if (removed !== undefined) return { kind: 'removed', index: removed };
    const member = findMember(groupStateOf(chain).roster, this.context.signer.actor);
    if (member === undefined || !holdsRole(member)) {
      throw new UsageError('not-joined', 'this identity is not in the group');
    }
    const { role, until: index } = member;
    const successor = groupStateOf(chain).mls?.successor;
    if (successor !== undefined) {
      return { kind: 'reinitialised', role, index: successor.index, successor: toBase64Url(successor.chain) };
    }
    return isLeaving(member) ? { kind: 'leaving', role, index } : { kind: 'member', role };
  }
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? utf8ToBytes(content) : content;
}

function decodeOf<Body>(definition: EventDefinition<Body>, { kind, value }: TimelineContent) {
  return kind === 'application' && value.type === definition.type ? definition.decodeBody(value.body) : undefined;
}

export function groupStateOf({ state }: FollowedChain): GroupState {
  if (state.kind !== 'group') throw new UsageError('not-a-group', `this is a chain of kind ${state.kind}`);
  return state.value;
}

/** Whether the relay can read the group's handshakes, as its genesis says. */
export function handshakesOf(chain: FollowedChain): HandshakeMode {
  return isOpaque(groupStateOf(chain).genesis) ? 'opaque' : 'public';
}

/** Throws a TypeError for what can't be an actor: it is the caller's to check what people type. */
export function parseActor(text: string): Uint8Array {
  const bytes = fromBase64Url(text);
  if (bytes?.length !== ACTOR_BYTES) throw new TypeError(`no actor: ${text}`);
  return bytes;
}

/** The same for one or several, each once; throws for none. */
export function parseActors(texts: string | readonly string[]): readonly [Uint8Array, ...Uint8Array[]] {
  const [first, ...others] = new Set(typeof texts === 'string' ? [texts] : texts);
  if (first === undefined) throw new TypeError('no actor');
  return [parseActor(first), ...others.map(parseActor)];
}
