import { HOUR_MS } from '../duration.ts';

/** Largest payload that travels inside an append and stays in the chain object. */
export const MAX_PAYLOAD_BYTES = 16_384;
/** Largest MLS commit, Welcome or GroupInfo; a storage row must hold it whole. */
export const MAX_HANDSHAKE_BYTES = 1_048_576;
/** Submissions in one append. */
export const MAX_BATCH = 256;
/** Body of an append, checked before anything is parsed. */
export const MAX_APPEND_BYTES = 4_194_304;
/** Body of a commit bundle: three handshake messages and an event. */
export const MAX_BUNDLE_BYTES = 3 * MAX_HANDSHAKE_BYTES + 131_072;
/** MLS proposals that one epoch takes; a commit refers to no more. */
export const MAX_EPOCH_PROPOSALS = 512;
/** Entries in one page, and the bytes at which a page is full earlier. */
export const MAX_PAGE_ENTRIES = 1_024;
/** Bytes of entries and payloads at which a page ends. */
export const MAX_PAGE_BYTES = 1_048_576;
/** Missed entries that a `stale-parent` problem carries; the rest is read by cursor. */
export const MAX_MISSED_ENTRIES = 256;
/** MLSMessage of one KeyPackage (`ML5`). */
export const MAX_KEY_PACKAGE_BYTES = 8_192;
/** What one is read with: more than it may have, so that whoever publishes one too large is told which of them it is (`KP2`). */
export const MAX_READ_KEY_PACKAGE_BYTES = 2 * MAX_KEY_PACKAGE_BYTES;
/** KeyPackages in one publication and in one device's pool. */
export const MAX_KEY_PACKAGES = 100;
/** A publication: its mode, and a length of up to 4 bytes (RFC 9420 §2.1.2) in front of all and of each. */
export const MAX_KEY_PACKAGE_POST_BYTES = 1 + 4 + MAX_KEY_PACKAGES * (4 + MAX_READ_KEY_PACKAGE_BYTES);
/** Suites that a stock can list. */
export const MAX_KEY_PACKAGE_SUITES = 16;
/** Devices in one claim for several (`KP12`). */
export const MAX_CLAIM_DEVICES = 100;
/** Members of an encrypted group at one time: as many as its tree may have leaves (`GM6`). */
export const MAX_GROUP_MEMBERS = 2_048;
/** Members that one commit adds (`GM6`). */
export const MAX_COMMIT_ADDS = 256;
/** Adds that an event or bundle is read with: more than it may have, so that whoever has too many is told how many. */
export const MAX_READ_ADDS = 2 * MAX_COMMIT_ADDS;
/** Mailbox items in one page. */
export const MAX_MAILBOX_PAGE = 256;
/** Largest sealed envelope. */
export const MAX_ENVELOPE_BYTES = 65_536;
/** Body that posts an envelope: the envelope and what lets it in. */
export const MAX_ENVELOPE_POST_BYTES = MAX_ENVELOPE_BYTES + 512;
/** Random bytes of a ticket. */
export const TICKET_BYTES = 32;
/** A ticket that is not used by then is void (`SK1`). */
export const TICKET_LIFETIME_MS = 30_000;
/** A socket that has not opened with its ticket by then is closed. */
export const OPEN_DEADLINE_MS = 5_000;
/** Frame of a socket that has not opened: an `Open` has one size, well below. */
export const MAX_OPEN_FRAME_BYTES = 128;
/** Random bytes of a mark. */
export const STREAM_MARK_BYTES = 8;
/** Sockets of one chain that one object serves; past that they go to shares, of which each serves as many (`SK12`). */
export const MAX_STREAM_SOCKETS = 1_000;
/** Objects that share the readers of one chain. */
export const MAX_SHARES = 64;
/** Groups that one answer about an account names (`NA17`). */
export const MAX_LAGGING_GROUPS = 256;
/** Bytes on a socket after which its reader is asked how far it came (`SK8`). */
export const STREAM_MARK_STEP_BYTES = 131_072;
/** Unreported bytes at which history waits for its reader (`SK9`). */
export const STREAM_WINDOW_BYTES = 1_048_576;
/** Unreported bytes at which a socket that something new is sent on is closed instead (`SK9`). */
export const STREAM_BOUND_BYTES = 4_194_304;
/** Requests on one socket that wait for their answers, and the bytes of their frames (`SK10`). */
export const MAX_REQUESTS_IN_FLIGHT = 256;
/** Bytes of the frames of these (`SK10`). */
export const MAX_BYTES_IN_FLIGHT = 4 * MAX_APPEND_BYTES;
/** Text of a signed checkpoint. */
export const MAX_CHECKPOINT_BYTES = 4_096;
/** Text of a problem in an outcome or frame. */
export const MAX_PROBLEM_BYTES = 1_048_576;
/** Lifetime of a signed request, from `created` to `expires`. */
export const MAX_REQUEST_LIFETIME_S = 60;
/** Largest object at a storage node. A writer holds one for each of up to six nodes within 32 MiB (`SN2`). */
export const MAX_OBJECT_BYTES = 4_194_304;
/** Longest key of an object at a storage node. */
export const MAX_OBJECT_KEY_CHARS = 256;
/** Objects in one page of a storage node's list. */
export const MAX_OBJECT_PAGE = 1_000;
/** Largest attachment: 100 MiB, and what its encryption adds. */
export const MAX_ATTACHMENT_BYTES = 104_960_000;
/** Bytes of all attachments that a chain keeps at one time (`UP5`). */
export const MAX_CHAIN_ATTACHMENT_BYTES = 10_737_418_240;
/** Uploads that an actor has under way in one chain (`UP5`). */
export const MAX_UPLOADS = 8;
/** An upload that has not got on for so long is dropped (`UP4`). */
export const UPLOAD_LIFETIME_MS = HOUR_MS;
/** Header of an upload: bytes from the beginning that the relay keeps for sure. */
export const UPLOAD_OFFSET_HEADER = 'upload-offset';
