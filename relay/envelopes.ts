import {
  DAY_MS,
  decode,
  envelopePost,
  equalBytes,
  err,
  HASH_BYTES,
  mailboxTokenContent,
  MAX_ENVELOPE_POST_BYTES,
  tokenRevocation,
  type EnvelopePost,
  type MailboxToken,
  type Result,
  type TokenRevocation,
} from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import { checkSize, type CheckSignatures } from './submission.ts';

/** The longest that a token may be good for: as long as its serial is remembered (`SE3`). */
export const MAX_TOKEN_LIFETIME_MS = 90 * DAY_MS;
/** Tokens that a mailbox remembers as used or revoked. */
export const MAX_REMEMBERED_TOKENS = 1_024;

/** Envelopes that may wait by membership: in all, of one chain, and of one sender (`SE4`). */
export const SHARED_ROOM = { all: 256, chain: 64, sender: 16 } as const;
/** Envelopes that may wait by tokens: room that no chain can take. */
export const TOKEN_ROOM = 256;

/** In place of a chain, in an item that is about none. */
export const NO_CHAIN: Uint8Array = new Uint8Array(HASH_BYTES);

export function parseEnvelopePost(body: Uint8Array): Result<EnvelopePost, RelayRefusal> {
  const refusal = checkSize(body, MAX_ENVELOPE_POST_BYTES);
  if (refusal !== undefined) return err(refusal);
  const post = decode(envelopePost, body);
  return post.ok ? post : err({ ...post.error });
}

export function parseRevocation(body: Uint8Array): Result<TokenRevocation, RelayRefusal> {
  const revocation = decode(tokenRevocation, body);
  return revocation.ok ? revocation : err({ ...revocation.error });
}

export interface TokenContext {
  readonly owner: Uint8Array;
  readonly sender: Uint8Array;
  readonly check: CheckSignatures;
  readonly clock: number;
}

/** Checks what a token says of itself (`SE3`): nothing has to be looked up for it. */
export function checkToken(
  token: MailboxToken,
  { owner, sender, check, clock }: TokenContext,
): RelayRefusal | undefined {
  const invalid = (reason: string): RelayRefusal => ({ code: 'token-invalid', reason });
  if (!equalBytes(token.owner, owner)) return invalid('owner');
  if (token.bearer !== undefined && !equalBytes(token.bearer, sender)) return invalid('bearer');
  if (token.expiresAt > clock + MAX_TOKEN_LIFETIME_MS) return invalid('lifetime');
  if (token.expiresAt <= clock) return { code: 'token-expired', expiredAt: token.expiresAt };
  const job = { key: owner, message: mailboxTokenContent(token), signature: token.signature };
  return check([job])[0] === true ? undefined : invalid('signature');
}

/** What the mailbox remembers of its tokens. */
export interface TokenRegister {
  readonly epoch: number;
  /** Of the token in question; undefined where it was neither used nor revoked. */
  readonly entry: { readonly uses: number; readonly isRevoked: boolean } | undefined;
  /** Tokens that are remembered. */
  readonly size: number;
}

/** Checks a genuine token against what its owner has revoked, and against its uses. */
export function checkTokenUse({ epoch, uses }: MailboxToken, register: TokenRegister): RelayRefusal | undefined {
  const { entry } = register;
  if (epoch !== register.epoch || entry?.isRevoked === true) return { code: 'token-revoked' };
  if ((entry?.uses ?? 0) >= uses) return { code: 'token-spent', uses };
  return checkRegister(register);
}

/** Refuses a token that is not remembered yet where no more can be. */
export function checkRegister({ entry, size }: TokenRegister): RelayRefusal | undefined {
  return entry === undefined && size >= MAX_REMEMBERED_TOKENS ? { code: 'token-register-full' } : undefined;
}

/** Waiting envelopes that share the room of a new one. */
export interface EnvelopeLoad {
  readonly all: number;
  readonly ofChain: number;
  readonly ofSender: number;
}

/** Whether an envelope finds room. Nobody can take more than a share of what is open to all members of any group. */
export function hasRoom(kind: EnvelopePost['grant']['kind'], { all, ofChain, ofSender }: EnvelopeLoad): boolean {
  if (kind === 'token') return all < TOKEN_ROOM;
  return all < SHARED_ROOM.all && ofChain < SHARED_ROOM.chain && ofSender < SHARED_ROOM.sender;
}
