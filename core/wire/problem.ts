import { toBase64Url } from '../bytes/index.ts';
import type { Json } from '../codec/index.ts';

/** Media type of every binary body. */
export const MEDIA_TYPE = 'application/vnd.terachat.v1+tls';

/**
 * Every refusal that can cross the wire: its HTTP status, and what it means in a sentence that tells what to do next. The
 * only place that knows either (`WI4`).
 */
export const problems = {
  malformed: { status: 400, title: 'The bytes are not the one encoding of what belongs here.' },
  'malformed-signature': { status: 400, title: 'A signature is 64 bytes.' },
  'malformed-request': { status: 400, title: 'The path or query is not one that this route takes.' },
  'event-too-large': { status: 413, title: 'An event must fit a log entry; put large content in a payload.' },
  'body-too-large': { status: 413, title: 'The body is over the limit of this route.' },
  'unsupported-media-type': { status: 415, title: `Send the body as ${MEDIA_TYPE}.` },
  'wrong-chain': { status: 400, title: 'The event was signed for another chain.' },
  'wrong-relay': { status: 400, title: 'The genesis names another relay or checkpoint key; read /v1/relay first.' },
  'bad-signature': { status: 403, title: 'The signature does not fit the event and its actor.' },
  'event-id-reused': { status: 409, title: 'This actor used the event id for other bytes; take a new id.' },
  'not-permitted': { status: 403, title: 'The actor does not hold the permission for this.' },
  'actor-removed': { status: 403, title: 'The actor was removed from this chain.' },
  'clock-skew': { status: 409, title: 'The event time is over 5 minutes from the relay time; set the clock.' },
  'stale-parent': { status: 409, title: 'Another change came first; read the missed entries and sign again.' },
  'unknown-parent': { status: 409, title: 'The entry that the event names as seen is not in this chain.' },
  'seen-too-old': { status: 409, title: 'The actor has not read the chain for too long; read on and sign again.' },
  'unknown-event-type': { status: 400, title: 'This kind of chain has no such event type.' },
  'retention-out-of-range': { status: 400, title: 'The retention is outside what a chain may choose.' },
  'invalid-relay-name': { status: 400, title: 'A relay name is visible ASCII without a plus sign.' },
  'invalid-successor-rule': { status: 400, title: 'The successor threshold can never be met or is zero.' },
  'registry-not-public': { status: 400, title: 'A registry is public: everyone verifies modules by its log.' },
  'invalid-admin-root': {
    status: 400,
    title: 'A root has distinct, admissible keys and a threshold that they can reach; the first has epoch 1.',
  },
  'wrong-registry': { status: 400, title: 'This is for another registry.' },
  'wrong-admin-epoch': {
    status: 409,
    title: 'This names another epoch of the admins than the one in force; sign it anew.',
  },
  'root-out-of-order': { status: 409, title: 'The next root has the epoch after the one in force.' },
  'root-expired': { status: 403, title: 'The root has expired: rotate to one that has not.' },
  'admin-key-revoked': { status: 403, title: 'A revoked key can not become an admin again.' },
  'signer-repeated': { status: 400, title: 'A key signs once, and counts once.' },
  'signer-unknown': { status: 403, title: 'A signature is of a key that is no admin here.' },
  'signer-revoked': { status: 403, title: 'A signature is of a revoked key.' },
  'threshold-not-met': { status: 403, title: 'Fewer admins signed than it takes.' },
  'admin-signature-invalid': { status: 403, title: 'The signature of an admin does not fit what it should be for.' },
  'invalid-module-manifest': {
    status: 400,
    title: 'The manifest names no module that there could be; the reason says which part of it.',
  },
  'unsupported-module-abi': { status: 400, title: 'This version knows no such interface of modules.' },
  'module-too-large': { status: 413, title: 'The module is over the limit.' },
  'module-revoked': { status: 403, title: 'The module was revoked.' },
  'module-already-published': { status: 409, title: 'This very module is published already.' },
  'module-version-not-rising': { status: 409, title: 'A version comes after all earlier ones of its name.' },
  'wrong-previous-version': { status: 409, title: 'The manifest names another module as the version before.' },
  'module-not-yet-valid': { status: 409, title: 'The module may not be used yet.' },
  'module-expired': { status: 403, title: 'The module may not be used any more.' },
  'nothing-revoked': { status: 400, title: 'A revocation names at least one module or key.' },
  'already-revoked': { status: 409, title: 'What the revocation names is revoked already, or named twice.' },
  'too-few-admins': {
    status: 409,
    title: 'Fewer admins would be left than it takes to sign; rotate to others instead.',
  },
  'no-registry': { status: 404, title: 'This relay has no registry: its operator has pinned none.' },
  'lone-module': { status: 400, title: 'A module is published with its bytes, at the modules path.' },
  'module-refused': { status: 400, title: 'The bytes are no policy module: the rule says which part of them.' },
  'registry-full': { status: 409, title: 'The registry lists as many of these as it may.' },
  'foreign-registry': { status: 409, title: 'The registry is of another relay, which can not be asked about it.' },
  'registry-not-followed': { status: 409, title: 'The group knows nothing of a registry yet; import it first.' },
  'module-not-published': { status: 409, title: 'The registry, as far as the group knows it, has no such module.' },
  'unguardable-event-type': { status: 400, title: 'A policy can not guard events of this type.' },
  'policy-in-force': {
    status: 409,
    title: 'A policy of another name is in force, or of another registry; take it out of force first.',
  },
  'no-policy': { status: 409, title: 'The group has no policy.' },
  'policy-undecided': { status: 503, title: 'The group’s policy could not be asked; send the event again later.' },
  'policy-rejected': { status: 403, title: 'The group’s policy rejects this; the reason is a number of its own.' },
  'policy-stopped': { status: 409, title: 'The group’s policy came to no verdict about this; the cause says why.' },
  'policy-migration-failed': {
    status: 409,
    title: 'The new version does not take over the state of the one in force, which stays.',
  },
  'wrong-membership': { status: 409, title: 'This group changes its members in the other way.' },
  'already-member': { status: 409, title: 'The actor is a member already.' },
  'no-such-member': { status: 409, title: 'The actor is not a member.' },
  'last-owner': { status: 409, title: 'A group keeps at least one owner; make another one first.' },
  'roster-full': { status: 409, title: 'The group has as many past and present members as it can list.' },
  'group-full': {
    status: 409,
    title: 'An encrypted group has no more members than that; remove somebody first, or found another group.',
  },
  'too-many-adds': { status: 400, title: 'One commit adds no more members than that; add them by several.' },
  'account-named': { status: 409, title: 'The group names this account already.' },
  'no-such-account': { status: 409, title: 'The group does not name this account.' },
  'foreign-account': {
    status: 409,
    title: 'The account is of another relay, which can not be asked about its devices.',
  },
  'too-many-accounts': { status: 409, title: 'The group names as many accounts as it can.' },
  'account-too-large': { status: 409, title: 'The account has had more devices than a group can follow.' },
  'facts-invalid': { status: 400, title: 'What was imported is not what that chain says.' },
  'facts-old': { status: 409, title: 'The group knows as much of that chain, or more.' },
  'device-revoked': { status: 409, title: 'Its account has revoked this device.' },
  'already-created': { status: 409, title: 'The MLS group is created once, right after the genesis.' },
  'unsupported-ciphersuite': { status: 400, title: 'This relay does not follow that MLS ciphersuite.' },
  'mls-not-created': { status: 409, title: 'The MLS group is not created yet.' },
  'group-info-lost': {
    status: 409,
    title: 'The GroupInfo in force is damaged here; the next commit of a member brings one.',
  },
  'future-epoch': { status: 409, title: 'The group has not reached that epoch.' },
  'epoch-closed': { status: 409, title: 'That epoch takes no more messages; encrypt again in the current one.' },
  'wrong-epoch': { status: 409, title: 'A commit or proposal must be of the current epoch.' },
  'opaque-handshakes': {
    status: 409,
    title: 'Handshakes of this group are encrypted: there is no GroupInfo, and no proposal but one to leave.',
  },
  'welcome-mismatch': {
    status: 400,
    title: 'Event and Welcome name exactly the KeyPackages that the commit adds.',
  },
  'commit-lost': { status: 409, title: 'Another commit ended this epoch; apply the winner and try again.' },
  'group-reinitialised': { status: 409, title: 'The group has ended and goes on as its successor.' },
  'no-such-commit': { status: 409, title: 'No commit that can still be reported has that index and hash.' },
  'own-commit': { status: 409, title: 'Whoever made a commit can follow it; others report it.' },
  'already-reported': { status: 409, title: 'This actor has reported the commit.' },
  'invalid-device-name': { status: 400, title: 'A device has a name of 1 to 64 bytes without control characters.' },
  'key-in-use': {
    status: 409,
    title: 'That key is or was a device of this account, or recovers it; take a new one.',
  },
  'too-many-devices': { status: 409, title: 'The account has as many devices as it may; revoke one first.' },
  'device-list-full': { status: 409, title: 'The account has as many past and present devices as it can list.' },
  'invalid-proof': { status: 403, title: 'The new key did not sign that this event takes it into this account.' },
  'no-such-device': { status: 409, title: 'The account has no such device, or no longer.' },
  'last-device': {
    status: 409,
    title: 'An account keeps a device or a recovery key; add another device, or set one, first.',
  },
  'waiting-too-long': { status: 400, title: 'A recovery waits no longer than that.' },
  'recovery-pending': { status: 409, title: 'A recovery is under way; complete or cancel it first.' },
  'no-such-recovery': { status: 409, title: 'No recovery is under way that began at that entry.' },
  'recovery-waiting': { status: 409, title: 'The waiting period is not over; complete the recovery after it.' },
  'lone-commit': { status: 400, title: 'A commit is posted as a bundle to the commits path.' },
  'invalid-handshake': { status: 400, title: 'The MLS message is not one that may follow this group.' },
  'claim-token-missing': { status: 400, title: 'A commit carries the token of the claim of each KeyPackage it adds.' },
  'claim-token-invalid': { status: 400, title: 'A claim token is not of this relay, this chain or this commit.' },
  'claim-token-expired': { status: 409, title: 'The KeyPackage was claimed too long ago; claim another one.' },
  'invalid-key-package': { status: 400, title: 'The KeyPackage is not valid or not bound to this device.' },
  'payload-missing': { status: 400, title: 'The event names a payload; send it along.' },
  'payload-mismatch': { status: 400, title: 'The payload is not the one that the event names.' },
  'payload-too-large': { status: 413, title: 'The payload is over the limit; split it, or store it elsewhere.' },
  'payload-unavailable': {
    status: 503,
    title: 'Too few storage nodes give their part of the payload; ask again later.',
  },
  'payload-expired': { status: 410, title: 'The payload has expired; its entry still proves what it was.' },
  'attachment-inconsistent': {
    status: 500,
    title: 'The attachment was stored so that nobody can read it; whoever sent it has to send it again.',
  },
  'attachment-mismatch': {
    status: 400,
    title: 'The bytes are not those that the upload was begun for, and are dropped; begin again.',
  },
  'attachments-full': {
    status: 409,
    title: 'The attachments of this chain have as many bytes as it may keep; some have to expire first.',
  },
  'too-many-uploads': { status: 409, title: 'The actor has as many uploads under way as it may; finish one first.' },
  'upload-offset': {
    status: 409,
    title: 'The upload goes on elsewhere than here, or another request has taken it over; ask for its offset.',
  },
  'not-found': { status: 404, title: 'There is nothing here, or nothing that this actor may see.' },
  'signature-required': { status: 401, title: 'Sign the request with the actor key (RFC 9421).' },
  'signature-invalid': { status: 401, title: 'The request signature is not valid for this request.' },
  'signature-expired': { status: 401, title: 'The request signature is too old, too long-lived or from the future.' },
  'digest-mismatch': { status: 400, title: 'The body does not match its Content-Digest.' },
  'nonce-replayed': { status: 401, title: 'This signed request was seen before; sign a new one.' },
  'operator-token-required': {
    status: 401,
    title: 'This is for the operator: send the token as Authorization: Bearer.',
  },
  'ticket-invalid': { status: 401, title: 'The ticket is unknown, used, expired or for something else.' },
  'open-first': { status: 400, title: 'A socket opens with a ticket, once, before anything else.' },
  'unknown-mark': { status: 400, title: 'Report the newest mark, once, when all that came before it is taken.' },
  'too-many-in-flight': {
    status: 429,
    title: 'Too many requests of this socket wait for answers; send more as answers come.',
  },
  'mailbox-full': { status: 409, title: 'The mailbox has no room; its owner must read and acknowledge first.' },
  'token-invalid': { status: 403, title: 'The token is not of this mailbox, not for this actor, or not genuine.' },
  'token-expired': { status: 403, title: 'The token has expired; ask the owner for another.' },
  'token-revoked': { status: 403, title: 'The owner has revoked the token; ask for another.' },
  'token-spent': { status: 403, title: 'The token has let in as many envelopes as it may; ask the owner for another.' },
  'token-register-full': {
    status: 409,
    title: 'The mailbox remembers no more tokens until some expire; raise the epoch to void all.',
  },
  'key-packages-exhausted': {
    status: 409,
    title: 'The device has no KeyPackage to give; ask again when it has been online.',
  },
  'key-package-pool-full': { status: 409, title: 'The pool holds as many KeyPackages as it may.' },
  'ack-ahead': { status: 409, title: 'No item has that sequence number yet; acknowledge only what was read.' },
  'rate-limited': { status: 429, title: 'Too many of these for the time being; wait as long as Retry-After says.' },
  'founding-quota-reached': {
    status: 429,
    title: 'As many chains were founded today as one actor or address may; wait as long as Retry-After says.',
  },
  'founding-not-allowed': { status: 403, title: 'Only actors whom the operator lists may found chains here.' },
  'invitation-required': { status: 403, title: 'Founding here takes an invitation code; ask the operator for one.' },
  'invitation-invalid': { status: 403, title: 'The invitation code is not one of this relay, or has expired.' },
  'invitation-used': { status: 403, title: 'The invitation code has let in as many people as it may.' },
  'upgrade-required': { status: 426, title: 'This path speaks WebSocket.' },
  'too-many-subscribers': { status: 503, title: 'The chain has as many live readers as one object serves.' },
  'too-many-transfers': {
    status: 503,
    title: 'The relay moves as many attachments as it has memory for; ask again shortly.',
  },
  'relay-clock-behind': { status: 503, title: 'The relay clock fell behind the log; appends wait until it is right.' },
  'relay-not-configured': { status: 503, title: 'The relay has no key yet: its operator has to set one.' },
  'relay-not-listed': { status: 403, title: 'This node keeps objects for the relays that its operator lists alone.' },
  'no-such-object': { status: 404, title: 'No object has that key here, or it has expired.' },
  'object-damaged': { status: 500, title: 'What is under that key is not what was put there; put it again.' },
  'quota-full': { status: 507, title: 'The relay has used up its room here; delete objects, or ask for more room.' },
  'expiry-out-of-range': {
    status: 400,
    title: 'An object expires later than now, and no later than this node keeps objects.',
  },
  'range-not-satisfiable': { status: 416, title: 'The object does not have all of these bytes.' },
  'node-not-configured': { status: 503, title: 'This node serves nobody yet: its operator has to list a relay.' },
  'operator-required': { status: 403, title: 'Only actors whom OPERATORS of this relay lists may do this.' },
  'no-cluster': { status: 404, title: 'This relay has no storage nodes.' },
  'no-such-node': { status: 404, title: 'No node of that name has a slot in the cluster.' },
  'no-spare-node': {
    status: 409,
    title: 'There is no spare node that could take the place; configure one with spare, deploy, and try again.',
  },
  unavailable: {
    status: 503,
    title: 'The relay could not finish; the outcome is unknown, so send the same bytes again.',
  },
  internal: { status: 500, title: 'The relay failed; nothing was changed by this request.' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

/** The code of a refusal. Codes are never given another meaning (`PR1`). */
export type ProblemCode = keyof typeof problems;

/** A refusal on its way to a caller: the code and whatever its layer adds. */
export interface Refusal {
  readonly code: ProblemCode;
}

/** An RFC 9457 problem. What the refusal itself says stands beside the members that every problem has. */
export interface Problem extends Readonly<Record<string, Json>> {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
}

/**
 * The problem document of a refusal (`PR2`): `type` is a path of the relay's own documentation. In a detail, bytes become
 * base64url and numbers decimal strings, since most of them are 64-bit on the wire. A detail never takes the name of a
 * member that every problem has.
 */
export function problemOf<R extends Refusal>(refusal: R): Problem {
  const { code } = refusal;
  const { status, title } = problems[code];
  return { ...viewDetails(refusal), type: `/docs#${code}`, title, status, code };
}

/** Whether this version knows the code. */
export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(problems, code);
}

function viewDetails(details: object): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(details).map(([name, value]) => [name, viewDetail(value)]));
}

function viewDetail(value: unknown): Json {
  if (value instanceof Uint8Array) return toBase64Url(value);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(viewDetail);
  if (typeof value === 'object' && value !== null) return viewDetails(value);
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}
