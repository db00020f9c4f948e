import {
  fromBase64Url,
  parseActorKey,
  parseChainId,
  findMember,
  holdsRole,
  toBase64Url,
  type ActorKey,
  type ChainId,
  type HandshakeMode,
} from '../core/index.ts';
import { Account } from './account/account.ts';
import { ChainFollower, type ChainContext } from './chain/chain-follower.ts';
import { chainKeys } from './chain/chain-keys.ts';
import { signGenesis } from './chain/sign-event.ts';
import { sealEnvelope } from './envelope.ts';
import { StorageError, TeraChatError, UsageError } from './errors.ts';
import { genesisOf, groupParameters, type GenesisOptions, type MlsChoices } from './genesis.ts';
import type { CallOptions, Group } from './group/group.ts';
import { findGroup, listGroups, markGroup, parseGroupId, type GroupSummary } from './group/group-register.ts';
import type { FollowedGroup } from './group/followed-group.ts';
import { fetchMembership } from './group/genesis-membership.ts';
import { MlsGroup } from './group/mls-group.ts';
import type { SiblingGroups } from './group/mls-reinit.ts';
import { PlainGroup } from './group/plain-group.ts';
import { proposerIn } from './group/relay-proposer.ts';
import type { RotateAfter } from './group/rotation.ts';
import type { OwnIdentity } from './identity.ts';
import { Inbox } from './inbox.ts';
import { openEnvelopes, type Envelope } from './inbox-envelopes.ts';
import { KeyPackagePool } from './key-package-pool.ts';
import { Mailbox } from './mailbox.ts';
import { MailboxTokens, parseToken } from './mailbox-tokens.ts';
import { MlsIdentities } from './mls-identities.ts';
import { notAnActor } from './parse-actor.ts';
import type { Platform } from './platform.ts';
import { PreSharedKeys } from './pre-shared-keys.ts';
import type { StorageWrite } from './storage.ts';
import { suiteOf, type SuiteNumber } from './suites.ts';

/** What a new group is to be. Nothing of it can be changed later. */
export interface GroupOptions extends GenesisOptions, MlsChoices, CallOptions {
  /** `mls`, the default, is encrypted end to end; the relay can read a plain group. */
  readonly membership?: 'plain' | 'mls';
  /** The cipher suite of an encrypted group, which its members' devices must all have: 1, the default, 2, 3, or 0xf0a2. */
  readonly suite?: SuiteNumber;
  /**
   * `public`, the default: the relay reads how the keys of an encrypted group change, refuses what breaks a rule, and lets a device
   * that lost the thread back in. `opaque`: it can't read that, and does neither. Who is in, it knows in both.
   */
  readonly handshakes?: HandshakeMode;
  /**
   * Whether the relay may propose the removal of devices that their accounts revoke, `true` unless it is said. Members decide either
   * way, and take them out also where it doesn't. Only where handshakes are public, and in suites with Ed25519 signatures: all but 2.
   */
  readonly relayProposals?: boolean;
}

/** What lets an envelope into the mailbox that it is for. */
export interface SealOptions extends CallOptions {
  /** The group that lets it in, base64url; found where it is not given. */
  readonly group?: string;
  /** A token of the recipient's, instead of a common group. */
  readonly token?: string;
}

export type DeviceContext = ChainContext & {
  readonly platform: Platform;
  /** What KeyPackages are published for. */
  readonly suites: readonly SuiteNumber[];
  /** How old own keys become, by a group's id. */
  readonly rotateAfter: (group: string) => RotateAfter;
};

/** What one identity does at its relay: its groups, its KeyPackages, its mailbox. */
export class Device implements SiblingGroups {
  readonly account: Account;
  readonly inbox: Inbox;
  readonly pool: KeyPackagePool;
  readonly tokens: MailboxTokens;
  readonly preSharedKeys: PreSharedKeys;
  readonly #context: DeviceContext;
  readonly #own: OwnIdentity;
  readonly #identities: MlsIdentities;
  /** One object a group, so that all callers share its socket. */
  readonly #groups = new Map<string, FollowedGroup>();

  constructor(context: DeviceContext, own: OwnIdentity) {
    this.#context = context;
    this.#own = own;
    const { actor } = own.signer;
    this.#identities = new MlsIdentities(context.storage, own.signer, own.mls);
    this.pool = new KeyPackagePool(context, { actor, identities: this.#identities, suites: context.suites });
    this.preSharedKeys = new PreSharedKeys(context.storage);
    const mailbox = new Mailbox(context, own.signer.actor);
    const { agreementSecret, signer } = own;
    const { pool, preSharedKeys } = this;
    this.inbox = new Inbox({
      context,
      mailbox,
      pool,
      preSharedKeys,
      device: signer.actor,
      agreementSecret,
      account: own.view.chain,
      join: this,
    });
    this.tokens = new MailboxTokens(context, signer);
    this.account = this.#openAccount(mailbox);
  }

  #openAccount(mailbox: Mailbox): Account {
    const { signer, agreementSecret, view } = this.#own;
    const { check } = this.#context;
    const envelopes = async (signal: AbortSignal | undefined): Promise<readonly Envelope[]> => {
      await mailbox.fetchAll(signal);
      return openEnvelopes(mailbox, { recipient: signer.actor, secret: agreementSecret, check });
    };
    const chain = fromBase64Url(view.chain) as ChainId;
    return new Account({ ...this.#context, signer, tokens: this.tokens, envelopes }, chain);
  }

  createGroup(options: GroupOptions): Promise<Group> {
    return this.#createGroup(options, () => []);
  }

  /** `note` is stored together with what makes the group one of this identity's. */
  async #createGroup(
    { membership = 'mls', suite, handshakes, relayProposals = true, signal, ...options }: GroupOptions,
    note: (chain: ChainId) => readonly StorageWrite[],
  ): Promise<FollowedGroup> {
    const chosen = suiteOf(suite);
    if (membership === 'plain' && handshakes === 'opaque') throw new TypeError('a plain group has no handshakes');
    const parameters = groupParameters(membership, handshakes, options);
    const { relay, platform, storage, client, check } = this.#context;
    const isProposed = relayProposals && membership === 'mls' && handshakes !== 'opaque';
    const proposer = isProposed ? await proposerIn(await client.info(signal), chosen.id, check) : undefined;
    const signing = { relay, platform, signer: this.#own.signer };
    const { genesis, chain } = await signGenesis(genesisOf(parameters, options, signing), signing);
    const group = this.#open(chain, membership);
    await group.found(genesis, signal);
    const keys = group instanceof MlsGroup ? await group.beginKeys(chosen, proposer) : [];
    await storage.commit([markGroup(chain, membership), ...keys, ...note(chain)]);
    if (group instanceof MlsGroup) await group.ensureCreated(signal);
    return group;
  }

  groups(): Promise<readonly GroupSummary[]> {
    return listGroups(this.#context.storage);
  }

  async group(id: string): Promise<FollowedGroup> {
    const chain = parseGroupId(id);
    const known = await findGroup(this.#context.storage, chain);
    if (known === undefined) throw new UsageError('unknown-group', `this identity is in no group ${id}`);
    return this.#open(chain, known.membership);
  }

  /** Seals content to an actor and leaves it in their mailbox, by a group that both are in or a token of theirs. */
  async sealTo(actor: string, content: Uint8Array, { group, token, signal }: SealOptions): Promise<void> {
    const recipient = parseActorKey(fromBase64Url(actor) ?? new Uint8Array(0));
    if (recipient === undefined) throw notAnActor(actor);
    const { client, platform } = this.#context;
    const { signer } = this.#own;
    const envelope = await sealEnvelope(content, { recipient, signer, now: platform.now() });
    const grant =
      token === undefined
        ? ({ kind: 'chain', value: { chain: await this.#sharedGroup(recipient, group) } } as const)
        : ({ kind: 'token', value: parseToken(token) } as const);
    await client.postEnvelope(recipient, { grant, envelope }, signal);
  }

  /** The group that was named, or one whose roster has both, as far as it was read. */
  async #sharedGroup(actor: ActorKey, named: string | undefined): Promise<ChainId> {
    if (named !== undefined) return parseGroupId(named);
    for (const { id } of await this.groups()) {
      const chain = parseGroupId(id);
      const state = (await new ChainFollower(this.#context, chain).current())?.state;
      const roster = state?.kind === 'group' ? state.value.roster : [];
      const isShared = [actor, this.#own.signer.actor].every((each) => {
        const member = findMember(roster, each);
        return member !== undefined && holdsRole(member);
      });
      if (isShared) return chain;
    }
    throw new UsageError('no-shared-group', 'this identity is in no group with that actor');
  }

  /** Joins a plain group by its id, once a member has let this identity in. */
  async joinPlain(chain: ChainId, signal: AbortSignal | undefined): Promise<Group> {
    if ((await fetchMembership(this.#context.client, chain, signal)) === 'mls') {
      throw new UsageError('not-invited', `no Welcome came for the encrypted group ${toBase64Url(chain)}`);
    }
    const group = this.#open(chain, 'plain');
    await group.catchUp({ signal });
    // Rejects for one who is not in it.
    await group.view();
    await this.#context.storage.commit([markGroup(chain, 'plain')]);
    return group;
  }

  /** Joins an encrypted group by its Welcome. */
  async joinMls(chain: ChainId, index: number, welcome: Uint8Array, signal: AbortSignal | undefined): Promise<Group> {
    const group = this.#open(chain, 'mls');
    if (!(group instanceof MlsGroup)) throw new UsageError('not-invited', `${group.id} is a plain group`);
    await group.accept({ index, welcome }, signal);
    return group;
  }

  async successorOf(chain: ChainId, options: GroupOptions): Promise<MlsGroup> {
    const { storage } = this.#context;
    const key = chainKeys(chain).successor;
    const begun = parseChainId(await storage.read(key));
    const group =
      begun === undefined
        ? // A ReInit names the successor's extensions (RFC 9420 §12.1.5), and those of this client name none.
          await this.#createGroup({ ...options, membership: 'mls', relayProposals: false }, (value) => [{ key, value }])
        : this.#open(begun, 'mls');
    if (!(group instanceof MlsGroup)) throw new TypeError('an MLS group was founded');
    await group.ensureCreated(options.signal);
    return group;
  }

  async joinWhereInvited(chain: ChainId, signal: AbortSignal | undefined): Promise<void> {
    if ((await findGroup(this.#context.storage, chain)) !== undefined) return;
    const { invitations } = await this.inbox.fetch(signal);
    const name = toBase64Url(chain);
    await invitations.find(({ group, membership }) => group === name && membership === 'mls')?.accept({ signal });
  }

  /** Finishes what an earlier process, or a call without a connection, left undone in any group. */
  async resume(signal?: AbortSignal): Promise<void> {
    for (const { id } of await this.groups()) {
      try {
        await (await this.group(id)).resume(signal);
      } catch (error) {
        // One group's trouble is not another's: whoever uses the group learns of it there.
        if (!(error instanceof TeraChatError) || error instanceof StorageError) throw error;
      }
    }
  }

  /** Begins to send what earlier processes left in the outboxes. */
  async sendWaiting(): Promise<void> {
    for (const { id } of await this.groups()) (await this.group(id)).sendWaiting();
  }

  close(): void {
    for (const group of this.#groups.values()) group.close();
  }

  #open(chain: ChainId, membership: GroupSummary['membership']): FollowedGroup {
    const name = toBase64Url(chain);
    const opened = this.#groups.get(name);
    if (opened !== undefined) return opened;
    const { signer } = this.#own;
    const { pool, preSharedKeys } = this;
    const context = { ...this.#context, signer, identities: this.#identities, pool, preSharedKeys, siblings: this };
    const group = membership === 'mls' ? new MlsGroup(context, chain) : new PlainGroup(context, chain);
    this.#groups.set(name, group);
    return group;
  }
}
