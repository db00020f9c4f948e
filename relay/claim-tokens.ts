import {
  ACTOR_BYTES,
  DAY_MS,
  encode,
  equalBytes,
  HASH_BYTES,
  opaque,
  sha256,
  signContent,
  struct,
  uint64,
  type ClaimToken,
} from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import type { CheckSignatures } from './submission.ts';

/** How long a claimed KeyPackage may be added to the group that it was claimed for (`KP10`). */
const CLAIM_TOKEN_LIFETIME_MS = DAY_MS;
const TOKEN_LABEL = 'TeraChat Claim Token v1';
const KEY_LABEL = 'TeraChat Claim Token Key v1';

/** What a token's signature covers, under a label of its own. Whose KeyPackage it was is not in the token: the event says that. */
const claimTokenTbs = struct('ClaimTokenTBS', {
  actor: opaque(ACTOR_BYTES),
  chain: opaque(HASH_BYTES),
  keyPackageRef: opaque(HASH_BYTES),
  expiresAt: uint64,
});

/** What signs a relay's claim tokens. `sign` returns the 64 bytes of Ed25519 over the message. */
export interface ClaimTokenKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/**
 * The seed of a relay's claim token key, from that of its checkpoint key. A key of its own: the objects of devices then
 * hold nothing that could sign a checkpoint.
 */
export function claimTokenSeed(checkpointSeed: Uint8Array): Uint8Array {
  return sha256(signContent(KEY_LABEL, checkpointSeed));
}

/** A token for what was claimed; never beyond the life of the KeyPackage. */
export function issueClaimToken(
  claim: NamedKeyPackage & { readonly chain: Uint8Array; readonly notAfter: number },
  key: ClaimTokenKey,
  clock: number,
): ClaimToken {
  const { actor, chain, keyPackageRef, notAfter } = claim;
  const expiresAt = Math.min(clock + CLAIM_TOKEN_LIFETIME_MS, notAfter);
  const signature = key.sign(signedBytes({ chain, keyPackageRef, expiresAt }, actor));
  return { chain, keyPackageRef, expiresAt, signature };
}

/** A KeyPackage of somebody. */
interface NamedKeyPackage {
  readonly actor: Uint8Array;
  readonly keyPackageRef: Uint8Array;
}

export interface ClaimTokenContext {
  readonly chain: Uint8Array;
  /** 32 bytes: the public half of the relay's claim token key. */
  readonly key: Uint8Array;
  readonly check: CheckSignatures;
  readonly clock: number;
}

/**
 * Checks that a commit adds only what was claimed for its chain, each with its token, and brings no other (`MB5`). Without
 * it, a KeyPackage that was seen anywhere could be added again and again, past every limit on claims. A token is of a
 * KeyPackage of the actor beside whom the event names it: where the relay can't read the commit, nothing else says so.
 */
export function checkClaimTokens(
  tokens: readonly ClaimToken[],
  added: readonly NamedKeyPackage[],
  { chain, key, check, clock }: ClaimTokenContext,
): RelayRefusal | undefined {
  for (const { keyPackageRef } of added) {
    const isClaimed = tokens.some((token) => equalBytes(token.keyPackageRef, keyPackageRef));
    if (!isClaimed) return { code: 'claim-token-missing', keyPackageRef };
  }
  if (tokens.length !== added.length) return { code: 'claim-token-invalid', reason: 'surplus' };
  if (!tokens.every((token) => equalBytes(token.chain, chain))) return { code: 'claim-token-invalid', reason: 'chain' };
  const jobs = added.flatMap(({ actor, keyPackageRef }) => {
    const token = tokens.find((one) => equalBytes(one.keyPackageRef, keyPackageRef));
    return token === undefined ? [] : [{ key, message: signedBytes(token, actor), signature: token.signature }];
  });
  if (!check(jobs).every(Boolean)) return { code: 'claim-token-invalid', reason: 'signature' };
  const expired = tokens.find(({ expiresAt }) => expiresAt <= clock);
  return expired && { code: 'claim-token-expired', keyPackageRef: expired.keyPackageRef, expiredAt: expired.expiresAt };
}

function signedBytes(
  { chain, keyPackageRef, expiresAt }: Omit<ClaimToken, 'signature'>,
  actor: Uint8Array,
): Uint8Array {
  return signContent(TOKEN_LABEL, encode(claimTokenTbs, { actor, chain, keyPackageRef, expiresAt }));
}
