import { DAY_MS, HOUR_MS } from '../duration.ts';
import { MAX_GROUP_MEMBERS } from '../wire/limits.ts';

/**
 * What an MLS message may cost, checked before any of it is parsed (`ML5`). Each is far above what a well-behaved
 * client sends and far below what hurts: one storage row holds at most 2 MB.
 */
export { MAX_KEY_PACKAGE_BYTES } from '../wire/limits.ts';
/** 100 added KeyPackages, or a path with one ciphertext for each of 2,000 unmerged leaves. */
export const MAX_COMMIT_BYTES = 256 * 1024;
export const MAX_PROPOSAL_BYTES = 16 * 1024;
/** Holds the tree of `MAX_GROUP_LEAVES` members, each with an X25519 leaf and a bound credential. */
export const MAX_GROUP_INFO_BYTES = 1024 * 1024;
/** The same tree by itself, as a relay keeps it for members and joiners. */
export const MAX_TREE_BYTES = 1024 * 1024;
/** An encrypted GroupInfo and the secrets of every joiner. */
export const MAX_WELCOME_BYTES = MAX_GROUP_INFO_BYTES + 64 * 1024;
export const MAX_APPLICATION_MESSAGE_BYTES = 1024 * 1024;

/** Leaves of a tree, blank ones between members included. New members take those first, so no fewer members fill it. */
export const MAX_GROUP_LEAVES = MAX_GROUP_MEMBERS;
export const MAX_COMMIT_PROPOSALS = 512;
export { MAX_EPOCH_PROPOSALS } from '../wire/limits.ts';
/** Of an epoch's proposals, those by one sender: nobody fills an epoch alone. */
export const MAX_SENDER_PROPOSALS = 16;

/** Longest `not_after - not_before` of a KeyPackage: three months, and an hour or two for clocks that disagree. */
export const MAX_KEY_PACKAGE_LIFETIME_MS = 92 * DAY_MS + 2 * HOUR_MS;
