import {
  claimedKeyPackage,
  decode,
  encode,
  err,
  keyPackageClaim,
  keyPackageClaims,
  ok,
  type ClaimOutcome,
  type KeyPackageClaim,
  type KeyPackageClaims,
  type Result,
} from '../core/index.ts';
import { findSuite, type CredentialMode } from '../core/mls/index.ts';
import type { Answer, RelayRefusal } from './answer.ts';

/** Parses a claim. One for a suite that no group here can have is refused before anybody is asked. */
export function parseClaim(body: Uint8Array): Result<KeyPackageClaim, RelayRefusal> {
  const claim = decode(keyPackageClaim, body);
  return claim.ok ? checkSuite(claim.value) : err({ ...claim.error });
}

/** Parses a claim of several devices' (`KP12`). */
export function parseClaims(body: Uint8Array): Result<KeyPackageClaims, RelayRefusal> {
  const claims = decode(keyPackageClaims, body);
  return claims.ok ? checkSuite(claims.value) : err({ ...claims.error });
}

function checkSuite<C extends { readonly ciphersuite: number }>(claim: C): Result<C, RelayRefusal> {
  return findSuite(claim.ciphersuite) !== undefined ? ok(claim) : err({ code: 'unsupported-ciphersuite' });
}

/** A claim whose chain has answered for the claimer, and said what its leaves are like. */
export interface AdmittedClaim extends KeyPackageClaim {
  /** Whose KeyPackage is claimed, 32 bytes. */
  readonly device: Uint8Array;
  readonly credentials: CredentialMode;
}

/** What a pool holds apart from what a claim could get. */
export interface PoolRemains {
  /** Whether anything else can be claimed. */
  readonly hasOthers: boolean;
  /** Whether something of the suite has lapsed unclaimed since the device last published. */
  readonly hasLapsed: boolean;
}

/** Why there is nothing to hand out (`KP12`): what the one who invites should do about it differs. */
export function explainShortage({ hasOthers, hasLapsed }: PoolRemains): Exclude<ClaimOutcome, { kind: 'claimed' }> {
  if (hasOthers) return { kind: 'nothingCompatible', value: {} };
  return { kind: hasLapsed ? 'expired' : 'exhausted', value: {} };
}

/** Answers a claim of one device alone, to whom `outcomes` belong. */
export function answerOfOne([outcome]: readonly ClaimOutcome[]): Answer {
  switch (outcome?.kind) {
    case 'claimed':
      return ok(encode(claimedKeyPackage, outcome.value));
    case 'limited':
      return err({ code: 'rate-limited', ...outcome.value });
    case 'unavailable':
    case undefined:
      return err({ code: 'unavailable' });
    case 'exhausted':
    case 'expired':
    case 'nothingCompatible':
      return err({ code: 'key-packages-exhausted' });
  }
}
