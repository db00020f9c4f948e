import type { CommitFault, GrantedRole } from '../../core/index.ts';
import type { SealReason, UnreadReason } from './stored-item.ts';

/** Content type of UTF-8 text. Others are the application's. */
export const TEXT_CONTENT = 0;

/** What every item of a timeline has. Actors and event ids are base64url, times ms since the Unix epoch. */
export interface TimelineEvent {
  /** Place in the chain: what orders a timeline, and where to read on. */
  readonly index: number;
  readonly actor: string;
  readonly isMine: boolean;
  readonly eventId: string;
  /** What the actor's clock said. */
  readonly sentAt: number;
  /** When the relay sequenced it; never falls from one entry to the next. */
  readonly relayTime: number;
}

export interface Message extends TimelineEvent {
  readonly kind: 'message';
  readonly contentType: number;
  readonly bytes: Uint8Array;
  /** Where the content is text. */
  readonly text: string | undefined;
  /** MLS epoch whose keys sealed it; 0 in a plain group. */
  readonly epoch: number;
}

/** A message that this device can't read, and why. */
export interface SealedMessage extends TimelineEvent {
  readonly kind: 'sealed';
  readonly reason: SealReason;
  readonly epoch: number;
}

export interface ApplicationItem extends TimelineEvent {
  readonly kind: 'application';
  readonly type: number;
  readonly body: Uint8Array;
}

export interface Founded extends TimelineEvent {
  readonly kind: 'founded';
}

export interface MembersChanged extends TimelineEvent {
  readonly kind: 'members-changed';
  readonly added: readonly { readonly actor: string; readonly role: GrantedRole }[];
  readonly removed: readonly string[];
  /** The MLS epoch that it began; 0 in a plain group. */
  readonly epoch: number;
  /** Why this device could not take over its keys, where that is so. */
  readonly unread: UnreadReason | undefined;
}

/** A member whose keys were no longer the group's came back in. What it missed stays sealed for it. */
export interface Resynced extends TimelineEvent {
  readonly kind: 'resynced';
  /** The MLS epoch that it began. */
  readonly epoch: number;
}

/** The actor could not follow a commit of another member. */
export interface CommitReported extends TimelineEvent {
  readonly kind: 'commit-reported';
  /** The commit's entry, and who signed it. */
  readonly commit: number;
  readonly committer: string;
  readonly fault: CommitFault;
}

export interface RoleChanged extends TimelineEvent {
  readonly kind: 'role-changed';
  readonly member: string;
  readonly role: GrantedRole;
}

/** Somebody has asked to leave an MLS group, and is in until a commit takes them out. */
export interface LeaveRequested extends TimelineEvent {
  readonly kind: 'leave-requested';
}

/** An owner ended the MLS group; it goes on as another one, which its members are invited to. */
export interface Reinitialised extends TimelineEvent {
  readonly kind: 'reinitialised';
  /** Id of the group that goes on, base64url, and its cipher suite. */
  readonly successor: string;
  readonly suite: number;
}

/** An owner said which group goes on in this one. True where that one's timeline says the same of this. */
export interface Succeeds extends TimelineEvent {
  readonly kind: 'succeeds';
  /** Id of that group, base64url. */
  readonly predecessor: string;
}

/** An owner put a policy in force, or another version in its place: from here on it decides (`PB4`). */
export interface PolicyPutInForce extends TimelineEvent {
  readonly kind: 'policy-bound';
  /** As the registry lists it. */
  readonly name: string;
  readonly version: number;
  /** SHA-256 of its module, base64url. */
  readonly module: string;
  /** Names of the built-in events that it has to let through. */
  readonly guards: readonly string[];
}

/** An owner took the policy out of force, and its state with it. */
export interface PolicyTakenOut extends TimelineEvent {
  readonly kind: 'policy-unbound';
}

/** The group heard that the module of its policy is revoked: it takes nothing more, and what it guards is refused (`PB11`). */
export interface PolicyRevoked extends TimelineEvent {
  readonly kind: 'policy-revoked';
  readonly name: string;
  readonly version: number;
  readonly module: string;
}

/** The policy took a record. What it refuses is in no log. */
export interface PolicyRecorded extends TimelineEvent {
  readonly kind: 'policy-recorded';
  readonly content: Uint8Array;
}

/** Whatever happened in a group, told apart by `kind`. */
export type TimelineItem =
  | Founded
  | Message
  | SealedMessage
  | ApplicationItem
  | MembersChanged
  | RoleChanged
  | LeaveRequested
  | Reinitialised
  | Succeeds
  | Resynced
  | CommitReported
  | PolicyPutInForce
  | PolicyTakenOut
  | PolicyRevoked
  | PolicyRecorded;
