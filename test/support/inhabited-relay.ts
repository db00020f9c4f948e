import {
  chainIdOf,
  commitBundle,
  decodeTrusted,
  encode,
  fromBase64Url,
  groupMessage,
  keyPackagePublication,
  mailboxPage,
  memberAdded,
  memberRemoved,
  sha256,
  submission,
  toBase64Url,
  utf8ToBytes,
  type ChainId,
  type CommitBundle,
  type EventDefinition,
  type Genesis,
  type MailboxItem,
  type Submission,
} from '../../core/index.ts';
import { encodeAuthenticatedData } from '../../core/mls/index.ts';
import type { ClaimTokenKey } from '../../relay/index.ts';
import { encrypt, newKeyPackage, processCommit, type GroupState } from '../../sdk/mls/index.ts';
import { bytesFor } from '../durable-objects/bytes-for.ts';
import { valueOf } from '../sdk/mls/people.ts';
import {
  claimKeyOf,
  draftCommit,
  draftCreation,
  draftProposal,
  MLS_PARAMETERS,
  mlsIdentityFor,
  type CommitDraft,
  type DraftedCommit,
  type GroupPlace,
  type ProposalDraft,
} from './mls-bundles.ts';
import { chainPath, devicePath, type RelayCaller } from './relay-caller.ts';
import { TestActor, type EventDraft, type Seen } from './test-actor.ts';

/** KeyPackages that Bob's device has published. */
const STOCK = 4;

/**
 * A relay with something to lose. Alice owns every chain; Bob is a member, with a device that has KeyPackages and mail;
 * Carol was a member and is removed; Mallory has nothing but a key, and a group of her own to invite to.
 */
export class InhabitedRelay {
  readonly caller: RelayCaller;
  readonly alice = new TestActor('alice at home');
  readonly bob = new TestActor('bob at home');
  readonly carol = new TestActor('carol at home');
  readonly mallory = new TestActor('mallory at home');
  /** A plain group, and another one of the same people. */
  plain!: ChainId;
  other!: ChainId;
  /** An MLS group in epoch 2, which a removal opened. */
  encrypted!: ChainId;
  /** An MLS group that is not created yet. */
  unborn!: ChainId;
  /** Mallory's own. */
  hers!: ChainId;
  /** Alice's, in the epoch that is current and in the one before. */
  state!: GroupState;
  pastState!: GroupState;
  /** Bob's, in the epoch that is current. */
  bobsState!: GroupState;
  /** An event that is logged in the plain group. */
  logged!: Submission;
  /** A commit that would have ended epoch 1, had another not been first. */
  lost!: CommitBundle;
  #genesis!: Partial<Genesis>;

  readonly #claimKey: ClaimTokenKey;
  readonly #heads = new Map<string, Seen>();
  #isSettled = false;

  private constructor(caller: RelayCaller, checkpointSeed: Uint8Array) {
    this.caller = caller;
    this.#claimKey = claimKeyOf(checkpointSeed);
  }

  /** The seed is that of the relay's own checkpoint key: claim tokens are made with it. */
  static async inhabit(caller: RelayCaller, checkpointSeed: Uint8Array): Promise<InhabitedRelay> {
    const relay = new InhabitedRelay(caller, checkpointSeed);
    const { name, checkpointKey } = await caller.info();
    relay.#genesis = { relayName: name, checkpointKey: fromBase64Url(checkpointKey) as Uint8Array };
    await relay.#settle();
    relay.#isSettled = true;
    return relay;
  }

  get people(): readonly TestActor[] {
    return [this.alice, this.bob, this.carol, this.mallory];
  }

  genesis(actor: TestActor, parameters: Partial<Genesis> = {}): Submission {
    return actor.genesis({ ...this.#genesis, ...parameters }, Date.now());
  }

  async found(actor: TestActor, parameters: Partial<Genesis> = {}): Promise<ChainId> {
    const genesis = this.genesis(actor, parameters);
    await this.caller.bytes(this.caller.post('/v1/chains', encode(submission, genesis)));
    return chainIdOf({ tbs: genesis.event, signature: genesis.signature });
  }

  async place(chain: ChainId, reader = this.alice): Promise<GroupPlace> {
    const name = toBase64Url(chain);
    const seen = this.#heads.get(name) ?? (await this.caller.head(reader, chain));
    if (this.#isSettled) this.#heads.set(name, seen);
    return { chain, seen, time: Date.now(), claimKey: this.#claimKey };
  }

  /** Has chains looked at anew where something may have been appended; else their heads are remembered. */
  forgetHeads(): void {
    this.#heads.clear();
  }

  /** An event over the newest entry of a chain. */
  async event<Body>(
    actor: TestActor,
    chain: ChainId,
    definition: EventDefinition<Body>,
    body: Body,
    changes: Partial<EventDraft> = {},
    reader = this.alice,
  ): Promise<Submission> {
    const place = await this.place(chain, reader);
    return actor.sign({ ...place, type: definition.type, body: definition.encodeBody(body), ...changes });
  }

  /** What Bob might say in the plain group. */
  async message(changes: Partial<EventDraft> = {}, actor = this.bob): Promise<Submission> {
    const payload = utf8ToBytes('hello');
    const body = { epoch: 0, contentType: 0, payloadHash: sha256(payload), payloadSize: payload.length };
    return { ...(await this.event(actor, this.plain, groupMessage, body, changes)), payload };
  }

  /** What Alice might say in the encrypted group, sealed in one epoch and said to be of another. */
  async sealed({ state = this.state, epoch = 2, boundTo = this.alice } = {}): Promise<Submission> {
    const eventId = bytesFor('sealed', this.#sealed++, 16);
    const data = encodeAuthenticatedData({ actor: boundTo.key, eventId });
    const { message: payload } = valueOf(await encrypt(state, utf8ToBytes('hello'), data));
    const body = { epoch, contentType: 0, payloadHash: sha256(payload), payloadSize: payload.length };
    return { ...(await this.event(this.alice, this.encrypted, groupMessage, body, { eventId })), payload };
  }

  #sealed = 0;

  /** A commit over the head of the encrypted group. */
  async commit(draft: Partial<CommitDraft> = {}, state = this.state): Promise<DraftedCommit> {
    return draftCommit(await this.place(this.encrypted), state, { actor: this.alice, ...draft });
  }

  /** A proposal over the head of the encrypted group, by Alice: to leave, unless the draft says otherwise. */
  async proposal(draft: Partial<ProposalDraft> = {}, state = this.state): Promise<Submission> {
    return draftProposal(await this.place(this.encrypted), state, { actor: this.alice, ...draft });
  }

  commitRequest(bundle: CommitBundle, chain = this.encrypted): Request {
    return this.caller.post(chainPath(chain, 'commits'), encode(commitBundle, bundle));
  }

  async keyPackages(owner: TestActor, count: number, nowMs = Date.now()): Promise<Uint8Array[]> {
    const identity = await mlsIdentityFor(owner);
    const made = Array.from({ length: count }, () => newKeyPackage(identity, { nowMs }));
    return (await Promise.all(made)).map(({ message }) => message);
  }

  publication(signer: TestActor, owner: TestActor, keyPackages: readonly Uint8Array[]): Request {
    const body = encode(keyPackagePublication, { mode: 'add', keyPackages });
    return this.caller.signed(signer, { method: 'PUT', path: devicePath(owner, 'key-packages'), body });
  }

  /** All that waits, page by page: what was looked at often comes in a page of its own (`MX13`). */
  async mail(owner: TestActor): Promise<readonly MailboxItem[]> {
    const mail: MailboxItem[] = [];
    for (let from = 0; ;) {
      const request = this.caller.signed(owner, { path: devicePath(owner, `mailbox?from=${from}`) });
      const { items, next } = decodeTrusted(mailboxPage, await this.caller.bytes(request));
      if (items.length === 0) return mail;
      mail.push(...items);
      from = next;
    }
  }

  async #settle(): Promise<void> {
    const { alice, bob, carol, mallory, caller } = this;
    this.plain = await this.found(alice);
    this.other = await this.found(alice);
    this.unborn = await this.found(alice, { parameters: MLS_PARAMETERS });
    this.hers = await this.found(mallory);
    for (const chain of [this.plain, this.other]) {
      await caller.append(chain, await this.event(alice, chain, memberAdded, { actor: bob.key, role: 'member' }));
    }
    const carols = { actor: carol.key, role: 'member' } as const;
    await caller.append(this.plain, await this.event(alice, this.plain, memberAdded, carols));
    await caller.append(this.plain, await this.event(alice, this.plain, memberRemoved, { actor: carol.key }));
    this.logged = await this.message();
    await caller.append(this.plain, this.logged);
    await this.#encrypt();
    await caller.bytes(this.publication(bob, bob, await this.keyPackages(bob, STOCK)));
    await this.#untilMailCame();
  }

  async #encrypt(): Promise<void> {
    const { alice, bob, carol, caller } = this;
    this.encrypted = await this.found(alice, { parameters: MLS_PARAMETERS });
    const created = await draftCreation(await this.place(this.encrypted), alice);
    await caller.bytes(this.commitRequest(created.bundle));
    const invitation = await this.commit({ add: [bob, carol] }, created.state);
    await caller.bytes(this.commitRequest(invitation.bundle));
    this.pastState = invitation.next;
    this.lost = (await this.commit({}, this.pastState)).bundle;
    const removal = await this.commit({ remove: [carol] }, this.pastState);
    await caller.bytes(this.commitRequest(removal.bundle));
    this.state = removal.next;
    const [bobs] = await invitation.join();
    this.bobsState = valueOf(await processCommit(bobs as GroupState, removal.bundle.commit)).state;
  }

  /** Deliveries are on their way by themselves: a Welcome, and a poke of each chain that Bob is in. */
  async #untilMailCame(): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt++) {
      const kinds = (await this.mail(this.bob)).map(({ kind }) => kind);
      if (kinds.filter((kind) => kind === 'poke').length === 3 && kinds.includes('welcome')) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the mail did not come');
  }
}
