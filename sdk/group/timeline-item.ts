import {
  ACTOR_BYTES,
  bytesToUtf8,
  choice,
  EVENT_ID_BYTES,
  MAX_EVENT_BYTES,
  MAX_PAYLOAD_BYTES,
  opaque,
  opaqueVector,
  struct,
  toBase64Url,
  uint16,
  uint64,
  variant,
  vector,
  commitFault,
  type CommitFault,
  type Decoded,
  type GrantedRole,
} from '../../core/index.ts';
import {
  nameOfEvent,
  policyBoundContent,
  policyRecordedContent,
  policyRevokedContent,
  viewListed,
} from './policy-content.ts';

const MAX_ROSTER_CHANGES = 256;
const CHAIN_BYTES = 32;
const roleCodec = choice('GrantedRole', { reader: 1, member: 2, admin: 3, owner: 4 });
const roleOfActor = struct('RoleOfActor', { actor: opaque(ACTOR_BYTES), role: roleCodec });

/** Why a message can't be shown. It stays in the timeline, so that nobody takes a gap for silence. */
const sealReason = choice('SealReason', {
  /** Sealed with keys from before this device joined, or sent after it was removed. */
  'not-member': 1,
  /** The relay no longer has the bytes; the entry still proves who, when and which hash. */
  expired: 2,
  /** It does not decrypt, or says to be from someone else or for another entry. */
  unreadable: 3,
  /** Sent by this identity, whose copy was lost with an earlier storage: nobody decrypts what they sent. */
  'own-copy-lost': 4,
  /** This device could not follow a change of the group's keys. */
  'lost-epoch': 5,
});

/** Why this device could not follow a change of the group's keys. */
const unreadReason = choice('UnreadReason', {
  /** The commit can't be followed by this device; whose it is says its actor. */
  unprocessable: 1,
  /** An earlier commit could not be followed, and without it no later one can. */
  future: 2,
  /** The relay no longer has its bytes. */
  missing: 3,
});

const timelineKind = choice('TimelineKind', {
  founded: 1,
  message: 2,
  sealed: 3,
  application: 4,
  membersChanged: 5,
  roleChanged: 6,
  changeUnread: 7,
  resynced: 8,
  commitReported: 9,
  leaveRequested: 10,
  reinitialised: 11,
  succeeds: 12,
  policyBound: 13,
  policyUnbound: 14,
  policyRevoked: 15,
  policyRecorded: 16,
});

const contentCodec = variant('TimelineContent', timelineKind, {
  founded: struct('Founded', {}),
  message: struct('Message', { epoch: uint64, contentType: uint16, bytes: opaqueVector(MAX_PAYLOAD_BYTES) }),
  sealed: struct('Sealed', { epoch: uint64, reason: sealReason }),
  application: struct('Application', { type: uint16, body: opaqueVector(MAX_EVENT_BYTES) }),
  /** Of an MLS commit, also one that only renews keys: then nobody is added or removed. */
  membersChanged: struct('MembersChanged', {
    epoch: uint64,
    added: vector(roleOfActor, MAX_ROSTER_CHANGES),
    removed: vector(opaque(ACTOR_BYTES), MAX_ROSTER_CHANGES),
  }),
  roleChanged: roleOfActor,
  /** A commit that was not followed. Who came and who went is known from its entry all the same. */
  changeUnread: struct('ChangeUnread', {
    epoch: uint64,
    added: vector(roleOfActor, MAX_ROSTER_CHANGES),
    removed: vector(opaque(ACTOR_BYTES), MAX_ROSTER_CHANGES),
    reason: unreadReason,
  }),
  /** The actor came back in with new keys. */
  resynced: struct('Resynced', { epoch: uint64 }),
  commitReported: struct('ReportedCommit', {
    index: uint64,
    committer: opaque(ACTOR_BYTES),
    fault: commitFault,
  }),
  leaveRequested: struct('LeaveRequested', {}),
  /** The group ended, and goes on as another chain. */
  reinitialised: struct('Reinitialised', { successor: opaque(CHAIN_BYTES), suite: uint16 }),
  succeeds: struct('Succeeds', { predecessor: opaque(CHAIN_BYTES) }),
  policyBound: policyBoundContent,
  policyUnbound: struct('UnboundPolicyItem', {}),
  /** What is in force takes nothing more. */
  policyRevoked: policyRevokedContent,
  policyRecorded: policyRecordedContent,
});

export const storedItem = struct('TimelineItem', {
  index: uint64,
  relayTime: uint64,
  actorTime: uint64,
  actor: opaque(ACTOR_BYTES),
  eventId: opaque(EVENT_ID_BYTES),
  content: contentCodec,
});

export type StoredItem = Decoded<typeof storedItem>;
export type TimelineContent = StoredItem['content'];
/** Why a change of keys was not followed: `unprocessable`, `future` or `missing`. */
export type UnreadReason = Decoded<typeof unreadReason>;
/** Why a message can't be shown: `not-member`, `expired`, `unreadable`, `own-copy-lost` or `lost-epoch`. */
export type SealReason = Decoded<typeof sealReason>;

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

export function viewItem(
  { index, relayTime, actorTime, actor, eventId, content }: StoredItem,
  self: Uint8Array,
): TimelineItem {
  const name = toBase64Url(actor);
  const event = {
    index,
    actor: name,
    isMine: name === toBase64Url(self),
    eventId: toBase64Url(eventId),
    sentAt: actorTime,
    relayTime,
  };
  return { ...event, ...viewContent(content) };
}

type ViewedContent = {
  [Kind in TimelineItem['kind']]: Omit<Extract<TimelineItem, { kind: Kind }>, keyof TimelineEvent>;
};

function viewContent(content: TimelineContent): ViewedContent[TimelineItem['kind']] {
  switch (content.kind) {
    case 'founded':
      return { kind: 'founded' };
    case 'message': {
      const { epoch, contentType, bytes } = content.value;
      const text = contentType === TEXT_CONTENT ? bytesToUtf8(bytes) : undefined;
      return { kind: 'message', epoch, contentType, bytes, text };
    }
    case 'sealed':
      return { kind: 'sealed', ...content.value };
    case 'application':
      return { kind: 'application', ...content.value };
    case 'membersChanged':
      return viewChange(content.value, undefined);
    case 'changeUnread':
      return viewChange(content.value, content.value.reason);
    case 'resynced':
      return { kind: 'resynced', ...content.value };
    case 'commitReported': {
      const { index: commit, committer, fault } = content.value;
      return { kind: 'commit-reported', commit, committer: toBase64Url(committer), fault };
    }
    case 'leaveRequested':
      return { kind: 'leave-requested' };
    case 'reinitialised':
      return { kind: 'reinitialised', successor: toBase64Url(content.value.successor), suite: content.value.suite };
    case 'succeeds':
      return { kind: 'succeeds', predecessor: toBase64Url(content.value.predecessor) };
    case 'policyBound':
      return { kind: 'policy-bound', ...viewListed(content.value), guards: content.value.guards.map(nameOfEvent) };
    case 'policyUnbound':
      return { kind: 'policy-unbound' };
    case 'policyRevoked':
      return { kind: 'policy-revoked', ...viewListed(content.value) };
    case 'policyRecorded':
      return { kind: 'policy-recorded', ...content.value };
    case 'roleChanged':
      return { kind: 'role-changed', member: toBase64Url(content.value.actor), role: content.value.role };
  }
}

type MembersChange = Extract<TimelineContent, { kind: 'membersChanged' }>['value'];

function viewChange(
  { epoch, added, removed }: MembersChange,
  unread: UnreadReason | undefined,
): ViewedContent['members-changed'] {
  return { kind: 'members-changed', epoch, added: added.map(viewRole), removed: removed.map(toBase64Url), unread };
}

function viewRole({ actor, role }: Decoded<typeof roleOfActor>): {
  readonly actor: string;
  readonly role: GrantedRole;
} {
  return { actor: toBase64Url(actor), role };
}
