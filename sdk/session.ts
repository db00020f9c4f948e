import { parseChainId, toBase64Url } from '../core/index.ts';
import type { Account } from './account/account.ts';
import { joinAccount, type JoinAccountOptions, type JoiningContext } from './account/join-account.ts';
import { recoverAccount, type AccountRecovery, type RecoverAccountOptions } from './account/recover-account.ts';
import { replaceDevice, type Replacement, type ReplaceOptions } from './account/replace-device.ts';
import type { ActorSigner } from './actor-signer.ts';
import { Device, type DeviceContext, type GroupOptions, type SealOptions } from './device.ts';
import { UsageError } from './errors.ts';
import type { CallOptions, Group } from './group/group.ts';
import { parseGroupId, type GroupSummary } from './group/group-register.ts';
import type { HttpClient, RequestOptions } from './http-client.ts';
import { drawIdentity, foundIdentity, loadIdentity, type Identity, type OwnIdentity } from './identity.ts';
import type { InboxView, Invitation } from './inbox.ts';
import type { MailboxTokenOptions } from './mailbox-tokens.ts';
import { foundRegistry, type FoundingRoot } from './registry/found-registry.ts';
import { Registry, type RegistryContext } from './registry/registry.ts';
import type { MetRelay } from './relay-contact.ts';

/** The relay of a session, known to be the one of this storage. */
export interface Relay {
  readonly url: string;
  readonly name: string;
  /** Undefined where the session began without the relay. */
  readonly version: string | undefined;
  /** 32 bytes as base64url. */
  readonly checkpointKey: string;
}

/** Which registry, and who carries to it. */
export interface RegistryOptions extends CallOptions {
  /** Chain id, base64url; the one that the relay has pinned where it is not given. */
  readonly id?: string;
  /** An admin of it who carries by their own key, where this identity may not (`AR3`). */
  readonly carrier?: ActorSigner;
}

/**
 * One identity at one relay. Everything it keeps is in the storage, so that any number of sessions, also of several
 * processes, may act for the identity at once. Made by `connect`.
 */
export class Session {
  readonly relay: Relay;
  readonly #context: DeviceContext;
  readonly #http: HttpClient;
  #own: OwnIdentity | undefined;
  #device: Device | undefined;
  #isClosed = false;

  constructor(context: DeviceContext, http: HttpClient, { name, version, checkpointKey }: MetRelay) {
    this.#context = context;
    this.#http = http;
    this.relay = { url: http.url, name, version, checkpointKey: toBase64Url(checkpointKey) };
  }

  /**
   * Takes up the identity of the storage, if it has one, finishes its founding where that was interrupted, and begins to send
   * what waits in the outboxes.
   */
  async open(signal?: AbortSignal): Promise<this> {
    const own = await loadIdentity(this.#context);
    if (own === undefined) return this;
    const device = this.#act(own);
    if (!own.isFounded) await this.#found(signal);
    await device.sendWaiting();
    return this;
  }

  /** Undefined before `createIdentity`. */
  get identity(): Identity | undefined {
    return this.#own?.view;
  }

  /**
   * Draws keys, founds the identity's chain and publishes KeyPackages, so that others can invite it. Rejects with
   * `identity-exists` where the storage has an identity; one whose founding was interrupted is finished instead.
   */
  async createIdentity({ signal }: CallOptions = {}): Promise<Identity> {
    this.#assertOpen();
    if (this.#own?.isFounded !== false) this.#act(await drawIdentity(this.#context));
    return this.#found(signal);
  }

  async #found(signal: AbortSignal | undefined): Promise<Identity> {
    return this.#begin(await foundIdentity(this.#context, signal), signal);
  }

  async #begin(own: OwnIdentity, signal: AbortSignal | undefined): Promise<Identity> {
    const device = this.#act(own);
    await device.pool.replenish(undefined, signal);
    return own.view;
  }

  /**
   * Makes this storage a further device of an account: shows a code, which `account.pair` of one of its devices takes, and waits to
   * be let in. Rejects with `identity-exists` where the storage has an identity, and with `pairing-expired`.
   */
  async joinAccount(options: JoinAccountOptions): Promise<Identity> {
    this.#assertOpen();
    await joinAccount(this.#joining(), options);
    return this.#beginImported(options.signal);
  }

  /**
   * Makes this storage a device of an account by its recovery code. Where the account waits, call it again once the time has come,
   * without the code. Rejects with `recovery-ended` where a device of the account has cancelled it.
   */
  async recoverAccount(options: RecoverAccountOptions = {}): Promise<AccountRecovery> {
    this.#assertOpen();
    const recovery = await recoverAccount(this.#joining(), options);
    if (recovery.kind === 'recovered') await this.#beginImported(options.signal);
    return recovery;
  }

  /**
   * Gives this device another key, in the storage of another session: `fresh` becomes a device of the account, comes into the groups of this
   * one where it may invite, and revokes this one once it is in all of them. Where it is not, `revokedAt` is undefined and
   * `groups` says where somebody else has to invite it; then call it again, with the same two. Messages of before stay where they are.
   */
  async replaceBy(fresh: Session, options: ReplaceOptions): Promise<Replacement> {
    this.#acting();
    return replaceDevice(this, fresh, { ...options, platform: this.#context.platform });
  }

  #joining(): JoiningContext {
    return { ...this.#context, actAs: (signer) => this.#http.signAs(signer) };
  }

  async #beginImported(signal: AbortSignal | undefined): Promise<Identity> {
    const own = await loadIdentity(this.#context);
    if (own === undefined) throw new Error('an identity was imported');
    return this.#begin(own, signal);
  }

  /** The account that this identity is a device of. */
  get account(): Account {
    return this.#acting().account;
  }

  #act(own: OwnIdentity): Device {
    this.#own = own;
    this.#http.signAs(own.signer);
    this.#device ??= new Device(this.#context, own);
    return this.#device;
  }

  /** Founds a group with this identity as its owner and only member. */
  async createGroup(options: GroupOptions = {}): Promise<Group> {
    return this.#acting().createGroup(options);
  }

  /** Groups that this identity founded or joined, those that it was removed from included. */
  async groups(): Promise<readonly GroupSummary[]> {
    return this.#acting().groups();
  }

  /** A group by its id. Nothing is read from the relay yet. */
  async group(id: string): Promise<Group> {
    return this.#acting().group(id);
  }

  /** Invitations that wait, fetched from the relay. */
  async invitations({ signal }: CallOptions = {}): Promise<readonly Invitation[]> {
    return (await this.inbox({ signal })).invitations;
  }

  /** Fetches the mailbox, publishes KeyPackages where few are left, and finishes what was left unsent. */
  async inbox({ signal }: CallOptions = {}): Promise<InboxView> {
    const device = this.#acting();
    const inbox = await device.inbox.fetch(signal);
    await device.resume(signal);
    return inbox;
  }

  /** The inbox, again whenever something comes, until the signal aborts. */
  watchInbox({ signal }: CallOptions = {}): AsyncIterableIterator<InboxView> {
    return this.#acting().inbox.watch(signal);
  }

  /**
   * Seals bytes to one actor and leaves them in their mailbox: only they can read it, and they see who sealed it. The relay
   * takes it where both are in a group, or by a token of theirs. Rejects with `no-shared-group` where there is neither, and
   * with `mailbox-full` where nothing was left.
   */
  async sealTo(actor: string, content: Uint8Array, options: SealOptions = {}): Promise<void> {
    return this.#acting().sealTo(actor, content, options);
  }

  /** Leave for others to `sealTo` this identity without a common group, to be handed on as text. */
  async issueMailboxToken(options: MailboxTokenOptions = {}): Promise<string> {
    return this.#acting().tokens.issue(options);
  }

  /** Voids one token for good, used up or not (`SE7`). */
  async revokeMailboxToken(token: string, options: CallOptions = {}): Promise<void> {
    return this.#acting().tokens.revoke(token, options);
  }

  /** Revokes every token that was issued so far. */
  async revokeMailboxTokens(options: CallOptions = {}): Promise<void> {
    return this.#acting().tokens.revokeAll(options);
  }

  /**
   * Keeps a secret for encrypted groups that the others have by a way of their own, such as a code that was scanned: see
   * `preSharedKeys` of a group's calls. `id` is 1 to 255 bytes and known to the relay, `secret` 16 to 255. What was kept under
   * the id is replaced.
   */
  async keepPreSharedKey(id: Uint8Array, secret: Uint8Array): Promise<void> {
    return this.#acting().preSharedKeys.keep(id, secret);
  }

  /** Commits that need it can't be followed from then on. */
  async forgetPreSharedKey(id: Uint8Array): Promise<void> {
    return this.#acting().preSharedKeys.forget(id);
  }

  /**
   * Founds a registry at this relay. Its id is what the relay's operator pins; this identity carries to it what the admins sign, and is
   * none of them by that.
   */
  async foundRegistry(root: FoundingRoot, options: CallOptions = {}): Promise<Registry> {
    return foundRegistry(this.#carrying(undefined), root, options);
  }

  /** A registry by its id, or the one that this relay has pinned. Rejects with `no-registry` where it has none. */
  async registry({ id, carrier, signal }: RegistryOptions = {}): Promise<Registry> {
    const context = this.#carrying(carrier);
    const chain = id === undefined ? parseChainId((await context.client.registry(signal)).registry) : parseGroupId(id);
    if (chain === undefined) throw new Error('a chain id was decoded');
    return new Registry(context, chain);
  }

  #carrying(carrier: ActorSigner | undefined): RegistryContext {
    this.#acting();
    if (this.#own === undefined) throw new Error('who acts has an identity');
    return { ...this.#context, signer: carrier ?? this.#own.signer };
  }

  /** Headers that authorise one request of this identity, for a minute (RFC 9421). `path` with its query. */
  async signRequest(method: string, path: string, body?: Uint8Array): Promise<Headers> {
    this.#assertOpen();
    return this.#http.signature(method, path, body);
  }

  /** Sends a signed request and gives the answer as it is, refusals included. For routes that the SDK has no call for. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    this.#assertOpen();
    return this.#http.send(method, path, options, await this.#http.signature(method, path, options.body));
  }

  /** Ends sockets and live iterators. The storage is whoever opened it's to close. */
  close(): void {
    this.#isClosed = true;
    this.#device?.close();
  }

  #acting(): Device {
    this.#assertOpen();
    if (this.#device === undefined) throw new UsageError('identity-missing', 'this storage has no identity');
    return this.#device;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new UsageError('session-closed', 'the session is closed');
  }
}
