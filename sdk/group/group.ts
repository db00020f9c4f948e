import type { CommitFault, EventDefinition, GrantedRole, Guarantee } from '../../core/index.ts';
import type { GroupBlobs } from '../attachment/group-attachments.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import type { TeraChatError } from '../errors.ts';
import type { SuiteNumber } from '../suites.ts';
import type { FollowedAccount } from './followed-account.ts';
import type { GroupPolicy } from './group-policy.ts';
import type { OnLostRace } from './lost-race.ts';
import type { OutgoingMessage } from './outgoing.ts';
import type { ApplicationItem, Message, SealedMessage, TimelineItem } from './timeline-item.ts';

/** A call rejects with the signal's reason once that aborts. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How a commit of this device goes on where another ends the epoch first; `keep-and-retry` where it is not said. */
export interface CommitOptions extends CallOptions {
  readonly onLostRace?: OnLostRace;
  /**
   * Ids of secrets that `keepPreSharedKey` keeps, to be mixed into the group's next keys: who has not the same can't follow the
   * change or join by it. An encrypted group's alone. Rejects with `unknown-pre-shared-key`, before anything is asked of anybody.
   */
  readonly preSharedKeys?: readonly Uint8Array[];
}

/**
 * Told of a live reading. `cause` is why it does not go on for now, where that is known: a NetworkError where the relay is away, and a
 * RelayProblem with the code `payload-unavailable` where something that was sent is out of reach, since too few storage nodes answer: its
 * details say how many shards are `needed` and how many were `found`.
 */
export type ConnectionListener = (isOpen: boolean, cause: TeraChatError | undefined) => void;

/** What part of a history is wanted. Items come in the order of the chain. */
export interface ReadOptions extends CallOptions {
  /** First index; 0 for everything. */
  readonly from?: number;
  /** Only so many of the newest, counted when reading begins. */
  readonly last?: number;
  /**
   * Goes on with what arrives, over a connection that is opened again when it breaks. Ends when this identity is removed or
   * the iterator is left; rejects with the signal's reason once that aborts, and with what stops the chain for good.
   */
  readonly live?: boolean;
}

/** How a message is to be understood. */
export interface PostOptions {
  /** What the bytes mean, for applications; 0, the default, is UTF-8 text. */
  readonly contentType?: number;
}

/** A call that is aborted stops waiting; the message stays in the outbox and is sent all the same, unless it is cancelled. */
export interface SendOptions extends PostOptions, CallOptions {}

export interface InviteOptions extends CommitOptions {
  /** Lets in those whose devices had a KeyPackage, and tells of the others, where it would else reject. */
  readonly partial?: boolean;
}

/**
 * What became of one actor of an invitation. `exhausted`: the device's KeyPackages are used up; `expired`: it was away for
 * longer than they live; both until it comes online. `nothing-compatible`: its KeyPackages don't fit this group. `limited`:
 * it was asked too often; `unavailable`: the relay could not ask it.
 */
export interface InvitedActor {
  /** Base64url. */
  readonly actor: string;
  readonly outcome: 'invited' | 'exhausted' | 'expired' | 'nothing-compatible' | 'limited' | 'unavailable';
  /** How long `limited` lasts. */
  readonly retryAfterMs?: number;
}

/** Where an invitation stands in the log, and whom it let in. */
export interface InviteDelivery extends Delivery {
  /** In the order in which they were named, each once. */
  readonly actors: readonly InvitedActor[];
}

export interface ReinitOptions extends CallOptions {
  /** Cipher suite of the group that goes on, which its members' devices must all have; the same where it is not said. */
  readonly suite?: SuiteNumber;
}

/** Where the end of a group stands in its log, which group goes on, and whom that let in. */
export interface ReinitDelivery extends Delivery {
  /** Id of the group that goes on, base64url. */
  readonly successor: string;
  /** The others who were in the group. Whoever was not invited can be later, as into any group. */
  readonly actors: readonly InvitedActor[];
}

/** Somebody who is in a group. */
export interface GroupMember {
  /** Base64url. */
  readonly actor: string;
  readonly role: GrantedRole;
  /** Index of the entry that let it in. */
  readonly since: number;
  readonly isMe: boolean;
  /** MLS alone: has asked to leave, and is in until another member commits that. */
  readonly isLeaving: boolean;
}

/** Where this identity stands. A removed one reads up to its removal and no further. */
export type GroupStatus =
  | { readonly kind: 'member'; readonly role: GrantedRole }
  /** MLS alone: it asked to leave by the entry at `index`. It reads until another member takes it out, and sends nothing. */
  | { readonly kind: 'leaving'; readonly role: GrantedRole; readonly index: number }
  | { readonly kind: 'removed'; readonly index: number }
  /** MLS alone: the entry at `index` ended the group for everyone, which goes on as the group `successor`, base64url. */
  | { readonly kind: 'reinitialised'; readonly role: GrantedRole; readonly index: number; readonly successor: string }
  /** MLS alone: a change of keys at `index` could not be followed, and this device is on its way back (`RC4`). */
  | { readonly kind: 'lost'; readonly index: number };

/** Who could not follow whose commit. Actors are base64url. */
export interface CommitReportView {
  /** The commit's entry, and who signed it. */
  readonly commit: number;
  readonly committer: string;
  readonly reporter: string;
  readonly fault: CommitFault;
  /** The report's own entry. */
  readonly index: number;
}

/** A group as far as it was verified. Hashes are base64url. */
export interface GroupView {
  readonly status: GroupStatus;
  /** Verified entries. */
  readonly size: number;
  /** Leaf hash of the last one. */
  readonly head: string;
  /** The signed checkpoint that vouches for them, in C2SP signed-note form. */
  readonly checkpoint: string;
  readonly relayTime: number;
  /** MLS epoch; 0 in a plain group. */
  readonly epoch: number;
  /** MLS cipher suite; undefined in a plain group. */
  readonly suite: number | undefined;
  /** What its founder promised for good, and what the group does without (`GR8`): to be shown, since nobody can change it. */
  readonly guarantees: readonly Guarantee[];
}

/** An event of the application's own, with its body decoded. */
export interface ApplicationEvent<Body> extends Omit<ApplicationItem, 'kind' | 'type' | 'body'> {
  readonly body: Body;
}

/**
 * A group on a relay. What it shows was verified first (`CL2`); what it reports as delivered stands in the verified log.
 * Every call may reject with a TeraChatError, and with the signal's reason once that aborts.
 */
export interface Group {
  /** The chain id, base64url. */
  readonly id: string;
  readonly membership: 'plain' | 'mls';
  /** Files that messages bring along. */
  readonly blobs: GroupBlobs;
  /** What a WebAssembly module decides for this group. */
  readonly policy: GroupPolicy;

  /** What is known without asking the relay. */
  view(): Promise<GroupView>;
  /** Those who are in, as of the verified log, in the order in which they came in. */
  members(): Promise<readonly GroupMember[]>;
  /** Accounts whose devices the group follows, as of the verified log. */
  accounts(): Promise<readonly FollowedAccount[]>;
  /** The newest reports of commits that somebody could not follow, in the order of the log. Older ones are in the timeline. */
  reports(): Promise<readonly CommitReportView[]>;
  /**
   * Reads and verifies what is new; an MLS group that this device lost the thread of is entered anew. Where somebody asked to
   * leave more than four seconds ago and nobody has seen to it, it commits that, if this identity may. Reading succeeds all the same
   * where that fails.
   */
  catchUp(options?: CallOptions): Promise<void>;

  /**
   * Sends a message and resolves once it stands in the verified log. Rejects with what kept it from there: where that may
   * pass (`advice` of the error is `retry` or `wait`, or it is a NetworkError), the message stays in the outbox and is sent
   * later, so don't send it again; else it is forgotten.
   */
  send(content: string | Uint8Array, options?: SendOptions): Promise<Delivery>;
  /**
   * Keeps a message in the outbox, from where it is sent as soon as the relay answers, in the order of the calls, also by a
   * later process. Resolves once it is stored. Rejects with `outbox-full` at `MAX_OUTGOING_MESSAGES`.
   */
  post(content: string | Uint8Array, options?: PostOptions): Promise<OutgoingMessage>;
  /** Messages in the outbox, oldest first: queued, sent, or failed. */
  pending(): Promise<readonly OutgoingMessage[]>;
  /** Messages in the outbox, oldest first, and then each change of one, until the signal aborts or the session is closed. */
  outgoing(options?: CallOptions): AsyncIterableIterator<OutgoingMessage>;
  /** Takes a message back that has not left, or forgets a failed one. False where it has left or is not in the outbox. */
  cancel(eventId: string): Promise<boolean>;
  /** Sends a failed message once more, in its place before later ones. False where there is no such one. */
  retry(eventId: string): Promise<boolean>;
  /** Resolves once the outbox takes another message. */
  outboxRoom(options?: CallOptions): Promise<void>;
  /**
   * Calls `listener` while the group is read live: with `true` whenever everything new comes by itself from then on, and
   * with `false` when that ended or could not be had, and why; it is tried again. Returns the way to end that.
   */
  onConnection(listener: ConnectionListener): () => void;
  /** Messages of everyone, own ones included; those that can't be read are there as `sealed`. */
  messages(options?: ReadOptions): AsyncIterableIterator<Message | SealedMessage>;
  /** Messages, changes of members and roles, and application events. */
  timeline(options?: ReadOptions): AsyncIterableIterator<TimelineItem>;

  /** Application events are signed and ordered like everything else, and not encrypted: the relay can read their bodies. */
  append<Body>(definition: EventDefinition<Body>, body: Body, options?: CallOptions): Promise<Delivery>;
  /** Bodies that are not the definition's encoding are left out. */
  events<Body>(definition: EventDefinition<Body>, options?: ReadOptions): AsyncIterableIterator<ApplicationEvent<Body>>;

  /**
   * One actor, or several at once, such as all devices of one person: in an MLS group one commit adds all or none, or with
   * `partial` all that can be added. Where an actor can't be, `actors` in the details of the error says so for each.
   */
  invite(actors: string | readonly string[], role?: GrantedRole, options?: InviteOptions): Promise<InviteDelivery>;
  /** Another member, whose role is below one's own or who has asked to leave; in a plain group also oneself. */
  remove(actor: string, options?: CommitOptions): Promise<Delivery>;
  /**
   * Leaves the group for good. In an MLS group it resolves once the wish stands in the log, and a member who is online takes
   * this identity out by new keys, now or later: `view()` says `leaving` until then, and nothing can be sent any more. Calling
   * it again changes nothing. Rejects with `last-owner` where no owner would stay.
   */
  leave(options?: CallOptions): Promise<Delivery>;
  /**
   * Gives a member another role; needs a higher one (`GR6`). Rejects with `no-such-member`, `not-permitted`, `last-owner`.
   */
  changeRole(actor: string, role: GrantedRole, options?: CallOptions): Promise<Delivery>;
  /**
   * Has the group follow an account of this identity, or of one that this identity may invite and whose chain it can read: what the account
   * revokes from then on is cut off here too, and taken out by new keys. Rejects with `account-named` where the group does already.
   */
  nameAccount(account: string, options?: CallOptions): Promise<Delivery>;
  /** New keys for everyone in an MLS group; a plain group has none and rejects with `plain-group`. */
  rotate(options?: CommitOptions): Promise<Delivery>;
  /**
   * Ends an MLS group and lets it go on as another one, with fresh keys and, if wanted, another cipher suite: for a group that
   * is beyond repair. Needs the role owner (`not-permitted`). Everyone is invited in the role that they have, and comes over by
   * itself on reading of it. Calling it again goes on with what was begun. A plain group rejects with `plain-group`.
   */
  reinit(options?: ReinitOptions): Promise<ReinitDelivery>;
}
