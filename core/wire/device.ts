import {
  choice,
  opaque,
  opaqueVector,
  struct,
  uint16,
  uint32,
  uint64,
  variant,
  vector,
  type Decoded,
} from '../codec/index.ts';
import { ACTOR_BYTES, HASH_BYTES, SIGNATURE_BYTES } from '../event/index.ts';
import {
  MAX_CLAIM_DEVICES,
  MAX_HANDSHAKE_BYTES,
  MAX_KEY_PACKAGE_SUITES,
  MAX_KEY_PACKAGES,
  MAX_MAILBOX_PAGE,
  MAX_READ_KEY_PACKAGE_BYTES,
} from './limits.ts';

/** MLSMessages that each hold one KeyPackage of the device (RFC 9420 §10), beside those of the pool or in their place. */
export const keyPackagePublication = struct('KeyPackagePublication', {
  mode: choice('PublicationMode', { add: 0, replace: 1 }),
  keyPackages: vector(opaqueVector(MAX_READ_KEY_PACKAGE_BYTES), MAX_KEY_PACKAGES),
});

/** KeyPackages of one suite that can still be claimed, the last resort apart. */
const suiteStock = struct('SuiteStock', { ciphersuite: uint16, available: uint32, lastResort: uint32 });

/** One for each suite of which there is anything, ascending. */
export const keyPackageStock = struct('KeyPackageStock', { suites: vector(suiteStock, MAX_KEY_PACKAGE_SUITES) });

/** Names a chain in which the claimer may invite (`KP4`). */
export const keyPackageClaim = struct('KeyPackageClaim', { chain: opaque(HASH_BYTES), ciphersuite: uint16 });

/** The relay's word that a KeyPackage was claimed for a chain; the commit that adds it carries it along (`KP10`). */
export const claimToken = struct('ClaimToken', {
  chain: opaque(HASH_BYTES),
  keyPackageRef: opaque(HASH_BYTES),
  /** ms since the Unix epoch */
  expiresAt: uint64,
  signature: opaque(SIGNATURE_BYTES),
});

/** Answers a claim: the KeyPackage, its reference (RFC 9420 §5.2), and the token that the commit carries. */
export const claimedKeyPackage = struct('ClaimedKeyPackage', {
  ref: opaque(HASH_BYTES),
  keyPackage: opaqueVector(MAX_READ_KEY_PACKAGE_BYTES),
  token: claimToken,
});

/** Devices to be asked for a KeyPackage each, for one commit in the chain that the path names (`KP12`). */
export const keyPackageClaims = struct('KeyPackageClaims', {
  ciphersuite: uint16,
  devices: vector(opaque(ACTOR_BYTES), MAX_CLAIM_DEVICES),
});

const nothing = struct('Nothing', {});

/**
 * What one device gave. `exhausted`: all that it had were claimed, or it never had any. `expired`: what it had has lapsed,
 * since it was away for longer. `nothingCompatible`: it has some, and none of this suite. `limited`: too many were claimed.
 * `unavailable`: it could not be asked just now.
 */
const claimOutcome = variant(
  'ClaimOutcome',
  choice('ClaimOutcomeKind', {
    claimed: 1,
    exhausted: 2,
    expired: 3,
    nothingCompatible: 4,
    limited: 5,
    unavailable: 6,
  }),
  {
    claimed: claimedKeyPackage,
    exhausted: nothing,
    expired: nothing,
    nothingCompatible: nothing,
    limited: struct('Limited', { retryAfterMs: uint64 }),
    unavailable: nothing,
  },
);

/** One outcome a device, in the order in which they were named. */
export const claimOutcomes = struct('ClaimOutcomes', { outcomes: vector(claimOutcome, MAX_CLAIM_DEVICES) });

/** One thing that waits for a device. */
export const mailboxItem = struct('MailboxItem', {
  /** Rises with each item of this mailbox; the cursor of reading and the argument of an ack. */
  sequence: uint64,
  kind: choice('MailboxKind', { welcome: 1, poke: 2, envelope: 3, overflow: 4, setAside: 5 }),
  /** What it is about: the chain whose members may post the envelope; zeros where there is none. */
  chain: opaque(HASH_BYTES),
  /** The commit of a Welcome, the newest unread entry of a poke, the serial of the token that let an envelope in. */
  index: uint64,
  receivedAt: uint64,
  /** The Welcome or the envelope; empty in all others. */
  content: opaqueVector(MAX_HANDSHAKE_BYTES),
});

/** Items in order, as much as fits (`MX4`). */
export const mailboxPage = struct('MailboxPage', {
  items: vector(mailboxItem, MAX_MAILBOX_PAGE),
  /** Where to read on. */
  next: uint64,
  stock: keyPackageStock,
  /** Items that were given time and again and never acknowledged; they are read apart (`MX13`). */
  setAside: uint32,
});

/** Everything up to and including this sequence number is forgotten. */
export const mailboxAck = struct('MailboxAck', { upTo: uint64 });

export type KeyPackagePublication = Decoded<typeof keyPackagePublication>;
export type SuiteStock = Decoded<typeof suiteStock>;
export type KeyPackageStock = Decoded<typeof keyPackageStock>;
export type KeyPackageClaim = Decoded<typeof keyPackageClaim>;
export type ClaimToken = Decoded<typeof claimToken>;
export type ClaimedKeyPackage = Decoded<typeof claimedKeyPackage>;
export type KeyPackageClaims = Decoded<typeof keyPackageClaims>;
export type ClaimOutcome = Decoded<typeof claimOutcome>;
export type MailboxItem = Decoded<typeof mailboxItem>;
export type MailboxPage = Decoded<typeof mailboxPage>;
