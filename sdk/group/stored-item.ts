import {
  ACTOR_BYTES,
  choice,
  commitFault,
  EVENT_ID_BYTES,
  MAX_EVENT_BYTES,
  MAX_PAYLOAD_BYTES,
  opaque,
  opaqueVector,
  struct,
  uint16,
  uint64,
  variant,
  vector,
  type Decoded,
} from '../../core/index.ts';
import { policyBoundContent, policyRecordedContent, policyRevokedContent } from './policy-content.ts';

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

/** An item as this device keeps it: what its entry said, opened while there were keys for it. */
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
