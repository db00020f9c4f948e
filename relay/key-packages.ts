import {
  decode,
  equalBytes,
  err,
  keyPackageClaim,
  keyPackagePublication,
  MAX_KEY_PACKAGES,
  MAX_KEY_PACKAGE_BYTES,
  ok,
  toBase64Url,
  type KeyPackageClaim,
  type Result,
} from '../core/index.ts';
import { keyPackageSignatures, MLS_SUITE, parseKeyPackage, type MlsKeyPackage } from '../core/mls/index.ts';
import type { RelayRefusal } from './answer.ts';
import { limits } from './limits/limit-table.ts';
import { rateLimited } from './limits/rate-limited.ts';
import { checkSize, type CheckSignatures } from './submission.ts';

/** Of one device by one chain (`KP8`): inviting takes one, losing a race a few more. */
const { count: MAX_CLAIMS_PER_WINDOW, periodMs: CLAIM_WINDOW_MS } = limits.claims;

/** Largest length prefix that RFC 9420 §2.1.2 allows. */
const PREFIX_BYTES = 4;
const MODE_BYTES = 1;
/** Body of a publication. */
const MAX_PUBLICATION_BYTES = MODE_BYTES + PREFIX_BYTES + MAX_KEY_PACKAGES * (PREFIX_BYTES + MAX_KEY_PACKAGE_BYTES);

/** A KeyPackage that its device may publish. */
export interface PublishedKeyPackage {
  /** KeyPackageRef, RFC 9420 §5.2. */
  readonly ref: Uint8Array;
  readonly bytes: Uint8Array;
  readonly suite: number;
  /** ms since the Unix epoch */
  readonly notAfter: number;
  readonly lastResort: boolean;
}

/** A publication that was found good. */
export interface Publication {
  /** Whether everything that was published before is retired (`KP11`). */
  readonly replaces: boolean;
  readonly keyPackages: readonly PublishedKeyPackage[];
}

/** What a publication is judged against. `clock` is in ms since the Unix epoch. */
export interface PublicationContext {
  readonly device: Uint8Array;
  readonly check: CheckSignatures;
  readonly clock: number;
}

/** What one chain has claimed of a device until its window ends. */
export interface ClaimCount {
  readonly count: number;
  /** ms since the Unix epoch */
  readonly endsAt: number;
}

/**
 * Judges a publication whole (`KP2`): one KeyPackage that is malformed, not in force, another actor's or not genuine
 * refuses all, by its place and the reason, so that a device never believes in stock that it does not have.
 */
export function judgePublication(body: Uint8Array, context: PublicationContext): Result<Publication, RelayRefusal> {
  const refusal = checkSize(body, MAX_PUBLICATION_BYTES);
  if (refusal !== undefined) return err(refusal);
  const publication = decode(keyPackagePublication, body);
  if (!publication.ok) return err({ ...publication.error });
  const { keyPackages, mode } = publication.value;
  const parsed: MlsKeyPackage[] = [];
  for (const [index, bytes] of keyPackages.entries()) {
    const keyPackage = parseKeyPackage(bytes, { nowMs: context.clock });
    if (!keyPackage.ok) return refuseAt(index, keyPackage.error.code);
    if (!equalBytes(keyPackage.value.actor, context.device)) return refuseAt(index, 'other-actor');
    parsed.push(keyPackage.value);
  }
  const forged = parsed.findIndex((keyPackage) => !isGenuine(keyPackage, context.check));
  if (forged >= 0) return refuseAt(forged, 'key-package-signature');
  const published = parsed.map((keyPackage, index) => publishedOf(keyPackage, keyPackages[index] as Uint8Array));
  return ok({ replaces: mode === 'replace', keyPackages: published });
}

/** Refuses a publication that would leave more in the pool than it holds (`KP3`). `fresh` are those not seen before. */
export function checkPool(available: number, fresh: readonly PublishedKeyPackage[]): RelayRefusal | undefined {
  const refs = new Set(fresh.filter(({ lastResort }) => !lastResort).map(({ ref }) => toBase64Url(ref)));
  const isFull = available + refs.size > MAX_KEY_PACKAGES;
  return isFull ? { code: 'key-package-pool-full', available, limit: MAX_KEY_PACKAGES } : undefined;
}

/** Parses a claim. One for a suite that no device here can have published is refused before anybody is asked. */
export function parseClaim(body: Uint8Array): Result<KeyPackageClaim, RelayRefusal> {
  const claim = decode(keyPackageClaim, body);
  if (!claim.ok) return err({ ...claim.error });
  return claim.value.ciphersuite === MLS_SUITE ? claim : err({ code: 'unsupported-ciphersuite' });
}

/**
 * Counts a claim against its chain's window (`KP8`): whoever may invite somewhere could otherwise drain every pool, and
 * leave the joiners of all other groups to a KeyPackage that is used more than once.
 */
export function countClaim(window: ClaimCount | undefined, clock: number): Result<ClaimCount, RelayRefusal> {
  if (window === undefined || window.endsAt <= clock) return ok({ count: 1, endsAt: clock + CLAIM_WINDOW_MS });
  const { count, endsAt } = window;
  if (count < MAX_CLAIMS_PER_WINDOW) return ok({ count: count + 1, endsAt });
  return err(rateLimited('claims', endsAt - clock));
}

function isGenuine(keyPackage: MlsKeyPackage, check: CheckSignatures): boolean {
  return check(keyPackageSignatures(keyPackage)).every(Boolean);
}

function publishedOf({ ref, suite, notAfterMs, lastResort }: MlsKeyPackage, bytes: Uint8Array): PublishedKeyPackage {
  return { ref, bytes, suite, notAfter: notAfterMs, lastResort };
}

function refuseAt(index: number, reason: string): Result<never, RelayRefusal> {
  return err({ code: 'invalid-key-package', index, reason });
}
