import {
  choice,
  encode,
  opaque,
  opaqueVector,
  optional,
  struct,
  uint32,
  uint64,
  variant,
  type Decoded,
} from '../codec/index.ts';
import { signContent } from '../crypto/index.ts';
import { ACTOR_BYTES, HASH_BYTES, SIGNATURE_BYTES } from '../event/index.ts';
import { MAX_ENVELOPE_BYTES } from './limits.ts';

const tokenFields = {
  /** Whose mailbox it opens. */
  owner: opaque(ACTOR_BYTES),
  /** Who may use it; absent for whoever holds it. */
  bearer: optional(opaque(ACTOR_BYTES)),
  /** The owner's token epoch when it was made; raising that voids all tokens at once. */
  epoch: uint32,
  /** Names it among the owner's tokens. */
  serial: uint64,
  /** Envelopes that it lets in. */
  uses: uint32,
  /** ms since the Unix epoch */
  expiresAt: uint64,
};

const TOKEN_LABEL = 'TeraChat Mailbox Token v1';
const mailboxTokenTbs = struct('MailboxTokenTBS', tokenFields);

/** What an owner signs for a token (`SE3`). */
export function mailboxTokenContent(token: MailboxTokenTbs): Uint8Array {
  return signContent(TOKEN_LABEL, encode(mailboxTokenTbs, token));
}

/** An owner's leave to post envelopes to its mailbox (`SE3`). */
export const mailboxToken = struct('MailboxToken', { ...tokenFields, signature: opaque(SIGNATURE_BYTES) });

/** What lets an envelope in: a chain that poster and owner are both members of, or a token of the owner's. */
const envelopeGrant = variant('EnvelopeGrant', choice('GrantKind', { chain: 1, token: 2 }), {
  chain: struct('SharedChain', { chain: opaque(HASH_BYTES) }),
  token: mailboxToken,
});

/** Body that leaves a sealed envelope, and what lets it in (`SE1`–`SE3`). */
export const envelopePost = struct('EnvelopePost', {
  grant: envelopeGrant,
  /** Opaque to the relay. */
  envelope: opaqueVector(MAX_ENVELOPE_BYTES),
});

/** Voids one token, or all tokens of epochs before the one named. */
export const tokenRevocation = variant('TokenRevocation', choice('RevocationKind', { serial: 1, epoch: 2 }), {
  serial: struct('RevokedSerial', { serial: uint64 }),
  epoch: struct('RaisedEpoch', { epoch: uint32 }),
});

/** The epoch of which tokens must be to be taken. */
export const tokenState = struct('TokenState', { epoch: uint32 });

export type MailboxTokenTbs = Decoded<typeof mailboxTokenTbs>;
export type MailboxToken = Decoded<typeof mailboxToken>;
export type EnvelopePost = Decoded<typeof envelopePost>;
export type TokenRevocation = Decoded<typeof tokenRevocation>;
export type TokenState = Decoded<typeof tokenState>;
