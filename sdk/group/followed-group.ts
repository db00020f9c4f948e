import {
  accountNamed,
  FIRST_APPLICATION_TYPE,
  roleChanged,
  toBase64Url,
  utf8ToBytes,
  type ChainId,
  type EventDefinition,
  type GrantedRole,
  type Submission,
} from '../../core/index.ts';
import { GroupAttachments, type GroupBlobs } from '../attachment/group-attachments.ts';
import { ChainFollower, type FollowedChain } from '../chain/chain-follower.ts';
import { chainKeys } from '../chain/chain-keys.ts';
import { ChainWriter, type Delivery, type Submit } from '../chain/chain-writer.ts';
import { LiveChain } from '../chain/live-chain.ts';
import { newEventId } from '../chain/sign-event.ts';
import type { TeraChatError } from '../errors.ts';
import { parseActor } from '../parse-actor.ts';
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
import { groupStateOf } from './group-state.ts';
import { assertMembership, statusIn } from './group-status.ts';
import { viewGroup, viewMembers, viewReports } from './group-views.ts';
import { parseGroupId } from './group-register.ts';
import { readImport } from './read-import.ts';
import { GroupReader, type Opening } from './group-reader.ts';
import { Dispatcher } from './dispatcher.ts';
import { MessageSender, type BeginSealing } from './message-sender.ts';
import { Outbox, type OutboxRecord } from './outbox.ts';
import { OutgoingFeed } from './outgoing-feed.ts';
import type { OutgoingMessage } from './outgoing.ts';
import type { StoredItem, TimelineContent } from './stored-item.ts';
import {
  TEXT_CONTENT,
  type ApplicationItem,
  type Message,
  type SealedMessage,
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
    return viewGroup(chain, await this.statusIn(chain));
  }

  async members(): Promise<readonly GroupMember[]> {
    return viewMembers(groupStateOf(await this.follower.known()), this.context.signer.actor);
  }

  async accounts(): Promise<readonly FollowedAccount[]> {
    return viewAccounts(groupStateOf(await this.follower.known()));
  }

  async reports(): Promise<readonly CommitReportView[]> {
    return viewReports(groupStateOf(await this.follower.known()));
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
    if (status !== undefined && status.kind !== 'lost') assertMembership(status);
  }

  protected async assertIn(chain: FollowedChain): Promise<void> {
    assertMembership(await this.statusIn(chain));
  }

  protected async statusIn(chain: FollowedChain): Promise<GroupStatus> {
    return statusIn(chain, this.context.signer.actor);
  }
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? utf8ToBytes(content) : content;
}

function decodeOf<Body>(definition: EventDefinition<Body>, { kind, value }: TimelineContent) {
  return kind === 'application' && value.type === definition.type ? definition.decodeBody(value.body) : undefined;
}
