import { parseChainId, fromBase64Url, toBase64Url, type ActorKey, type ChainId } from '../core/index.ts';
import { parseWelcome } from '../core/mls/index.ts';
import { ChainFollower, type ChainContext } from './chain/chain-follower.ts';
import { ForkError, RelayProblem, StorageError } from './errors.ts';
import type { CallOptions, Group } from './group/group.ts';
import { findGroup } from './group/group-register.ts';
import type { KeyPackagePool } from './key-package-pool.ts';
import { openEnvelopes, viewSetAside, type Envelope, type SetAside } from './inbox-envelopes.ts';
import { invitationKey, type Mailbox, type StoredWelcome } from './mailbox.ts';
import { streamMailbox } from './mailbox-stream.ts';
import { inviterOf } from './mls/index.ts';
import { untilAborted } from './mutex.ts';
import type { Platform } from './platform.ts';
import type { PreSharedKeys } from './pre-shared-keys.ts';
import { keepConnected } from './reconnect.ts';

/** A group that waits for this identity's word. What it says is whoever sent it's word until it is accepted. */
export interface Invitation {
  /** The chain id, base64url. */
  readonly group: string;
  /** `plain` where only a hint came: a member let this identity into a group of either kind. */
  readonly membership: 'plain' | 'mls';
  /** The entry that it is about. */
  readonly index: number;
  /** Ms since the Unix epoch, by the relay's clock; undefined where only a hint came. */
  readonly receivedAt: number | undefined;
  /** Who invited, base64url; undefined where the invitation can't say. */
  readonly inviter: string | undefined;
  /** Verifies the group's chain from its beginning and joins. */
  accept(options?: CallOptions): Promise<Group>;
  /** Forgets the invitation; the group is not told. */
  decline(): Promise<void>;
}

/** A group of this identity that has grown beyond what was read. */
export interface News {
  readonly group: string;
  /** Newest entry that the relay told of. */
  readonly index: number;
}

/** What waits for this identity. */
export interface InboxView {
  readonly invitations: readonly Invitation[];
  readonly news: readonly News[];
  /**
   * The account of this identity has changed beyond what was read: a device came or went, or a recovery is under way, which a
   * device can cancel. Undefined where it has not.
   */
  readonly account: Omit<News, 'group'> | undefined;
  /** What others sealed to this identity, in the order in which the relay took it. */
  readonly envelopes: readonly Envelope[];
  /** What ended this client time and again; empty but for a fault. */
  readonly setAside: readonly SetAside[];
  /** Something found no room at the relay, when last; undefined where all did, or once it was dismissed. */
  readonly overflow: Overflow | undefined;
}

/** Mail that the relay had no room for: a Welcome or a hint comes later by itself, an envelope only from its sender. */
export interface Overflow {
  /** Ms since the Unix epoch, by the relay's clock. */
  readonly at: number;
  /** Forgets the mark, until something finds no room again. */
  dismiss(): Promise<void>;
}

/** Chains that have grown: groups of this identity, others, and its account. */
interface SortedNews {
  readonly known: readonly News[];
  readonly unknown: readonly News[];
  readonly account: News | undefined;
}

/** How an invitation is accepted. */
interface Joining {
  joinMls(chain: ChainId, index: number, welcome: Uint8Array, signal: AbortSignal | undefined): Promise<Group>;
  joinPlain(chain: ChainId, signal: AbortSignal | undefined): Promise<Group>;
}

/** The mailbox of a device as people see it: invitations, and groups with something new. */
export class Inbox {
  readonly #context: ChainContext & { readonly platform: Platform };
  readonly #mailbox: Mailbox;
  readonly #pool: KeyPackagePool;
  readonly #preSharedKeys: PreSharedKeys;
  readonly #device: ActorKey;
  readonly #agreementSecret: Uint8Array;
  readonly #account: string;
  readonly #join: Joining;
  /** Of the Welcomes that wait, as the last `fetch` learned them. */
  readonly #inviters = new Map<string, string>();

  constructor(parts: {
    readonly context: ChainContext & { readonly platform: Platform };
    readonly mailbox: Mailbox;
    readonly pool: KeyPackagePool;
    readonly preSharedKeys: PreSharedKeys;
    readonly device: ActorKey;
    /** Opens what was sealed to the device. */
    readonly agreementSecret: Uint8Array;
    /** The identity chain, base64url. */
    readonly account: string;
    readonly join: Joining;
  }) {
    this.#context = parts.context;
    this.#mailbox = parts.mailbox;
    this.#pool = parts.pool;
    this.#preSharedKeys = parts.preSharedKeys;
    this.#device = parts.device;
    this.#agreementSecret = parts.agreementSecret;
    this.#account = parts.account;
    this.#join = parts.join;
  }

  /** Fetches what waits at the relay, and publishes KeyPackages where few are left. */
  async fetch(signal?: AbortSignal): Promise<InboxView> {
    const stock = await this.#mailbox.fetchAll(signal);
    await this.#pool.replenish(stock, signal);
    await this.#learnInviters(signal);
    return this.view();
  }

  /** What was fetched and not dealt with. */
  async view(): Promise<InboxView> {
    const welcomes: Invitation[] = [];
    for (const welcome of await this.#mailbox.welcomes()) {
      if (await this.#isOver(welcome)) await this.#forget(welcome.chain);
      else welcomes.push(this.#invitationOf(welcome));
    }
    const invited = new Set(welcomes.map(({ group }) => group));
    const { known, unknown, account } = await this.#sortNews();
    const hints = unknown.filter(({ group }) => !invited.has(group)).map((hint) => this.#hintOf(hint));
    const keys = { recipient: this.#device, secret: this.#agreementSecret, check: this.#context.check };
    return {
      invitations: [...welcomes, ...hints],
      news: known,
      account: account && { index: account.index },
      envelopes: await openEnvelopes(this.#mailbox, keys),
      setAside: await viewSetAside(this.#mailbox),
      overflow: await this.#overflow(),
    };
  }

  async #overflow(): Promise<Overflow | undefined> {
    const at = await this.#mailbox.overflowedAt();
    return at === undefined ? undefined : { at, dismiss: () => this.#mailbox.forgetOverflow() };
  }

  /** The inbox, again whenever something comes, until the signal aborts. Connections that break are opened again. */
  async *watch(signal?: AbortSignal): AsyncGenerator<InboxView, void, undefined> {
    const stop = new AbortController();
    const ended = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    let changes = 0;
    let wake = (): void => undefined;
    const note = (): void => {
      changes += 1;
      wake();
    };
    let failure: unknown;
    void this.#keepStreaming(ended, note).then((error) => {
      failure = error;
      note();
    });
    try {
      for (;;) {
        const seen = changes;
        yield await this.fetch(signal);
        while (changes === seen) await untilAborted(new Promise<void>((resolve) => (wake = resolve)), signal);
        if (failure !== undefined) throw failure as Error;
      }
    } finally {
      stop.abort();
    }
  }

  /** Resolves with what ends it for good, or when the signal aborts. */
  #keepStreaming(signal: AbortSignal, onPage: () => void): Promise<unknown> {
    const { client, platform } = this.#context;
    const source = { client, platform, device: this.#device };
    return keepConnected(
      (onGood) =>
        streamMailbox(this.#mailbox, source, {
          signal,
          onPage: () => {
            onGood();
            onPage();
          },
        }),
      { platform, signal, isFinal: (error) => error instanceof StorageError },
    );
  }

  /** The Welcome was used, or the group was read past it: a relay that delivers twice brings it up again. */
  async #isOver({ chain, index }: StoredWelcome): Promise<boolean> {
    return (await this.#sizeOf(chain as ChainId)) > index;
  }

  async #sizeOf(chain: ChainId): Promise<number> {
    try {
      return (await new ChainFollower(this.#context, chain).current())?.cursor.size ?? 0;
    } catch (error) {
      // Nothing new is read of a forked chain, so nothing new of it is announced either.
      if (error instanceof ForkError) return Number.MAX_SAFE_INTEGER;
      throw error;
    }
  }

  #invitationOf({ chain, index, receivedAt, welcome }: StoredWelcome): Invitation {
    return {
      group: toBase64Url(chain),
      membership: 'mls',
      index,
      receivedAt,
      inviter: this.#inviters.get(nameOf({ chain, index })),
      accept: async ({ signal } = {}) => {
        const group = await this.#join.joinMls(chain as ChainId, index, welcome, signal);
        await this.#forget(chain);
        return group;
      },
      decline: () => this.#forget(chain),
    };
  }

  async #learnInviters(signal: AbortSignal | undefined): Promise<void> {
    const waiting = await this.#mailbox.welcomes();
    const names = new Set(waiting.map(nameOf));
    for (const name of this.#inviters.keys()) if (!names.has(name)) this.#inviters.delete(name);
    for (const each of waiting) {
      if (this.#inviters.has(nameOf(each)) || (await this.#isOver(each))) continue;
      const inviter = await this.#inviterOf(each, signal);
      if (inviter !== undefined) this.#inviters.set(nameOf(each), inviter);
    }
  }

  async #inviterOf({ chain, welcome }: StoredWelcome, signal: AbortSignal | undefined): Promise<string | undefined> {
    const parsed = parseWelcome(welcome);
    for (const ref of parsed.ok ? parsed.value.refs : []) {
      const privateState = await this.#pool.find(ref);
      if (privateState === undefined) continue;
      const treeOf = (hash: Uint8Array): Promise<Uint8Array | undefined> => this.#treeOf(chain, hash, signal);
      const inviter = await inviterOf(welcome, privateState, treeOf, await this.#preSharedKeys.all());
      if (inviter !== undefined) return toBase64Url(inviter);
    }
    return undefined;
  }

  /** Undefined where the relay gives none: the invitation then doesn't say who invited. */
  async #treeOf(chain: Uint8Array, hash: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    try {
      return await this.#context.client.tree(chain, hash, signal);
    } catch (error) {
      if (error instanceof RelayProblem) return undefined;
      throw error;
    }
  }

  #hintOf({ group, index }: News): Invitation {
    const chain = parseChainId(fromBase64Url(group)) as ChainId;
    return {
      group,
      membership: 'plain',
      index,
      receivedAt: undefined,
      inviter: undefined,
      accept: async ({ signal } = {}) => {
        const joined = await this.#join.joinPlain(chain, signal);
        await this.#mailbox.forgetNews([group]);
        return joined;
      },
      decline: () => this.#mailbox.forgetNews([group]),
    };
  }

  async #sortNews(): Promise<SortedNews> {
    const known: News[] = [];
    const unknown: News[] = [];
    const read: string[] = [];
    let account: News | undefined;
    for (const [group, index] of await this.#mailbox.news()) {
      const chain = parseChainId(fromBase64Url(group));
      if (chain === undefined) continue;
      const isOwn = group === this.#account;
      const isKnown = isOwn || (await findGroup(this.#context.storage, chain)) !== undefined;
      if (isKnown && (await this.#sizeOf(chain)) > index) read.push(group);
      else if (isOwn) account = { group, index };
      else (isKnown ? known : unknown).push({ group, index });
    }
    if (read.length > 0) await this.#mailbox.forgetNews(read);
    return { known, unknown, account };
  }

  async #forget(chain: Uint8Array): Promise<void> {
    await this.#context.storage.commit([{ key: invitationKey(chain), value: undefined }]);
  }
}

function nameOf({ chain, index }: Pick<StoredWelcome, 'chain' | 'index'>): string {
  return `${toBase64Url(chain)} ${index}`;
}
