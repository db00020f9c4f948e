import {
  claimedKeyPackage,
  decode,
  encode,
  equalBytes,
  err,
  keyPackageClaim,
  keyPackageClaims,
  keyPackagePublication,
  MAX_KEY_PACKAGES,
  MAX_KEY_PACKAGE_POST_BYTES,
  ok,
  toBase64Url,
  type ClaimOutcome,
  type KeyPackageClaim,
  type KeyPackageClaims,
  type Result,
} from '../core/index.ts';
import {
  findSuite,
  keyPackageSignatures,
  parseKeyPackage,
  type CredentialMode,
  type MlsKeyPackage,
} from '../core/mls/index.ts';
import type { Answer, RelayRefusal } from './answer.ts';
import { limits } from './limits/limit-table.ts';
import { rateLimited } from './limits/rate-limited.ts';
import { checkSize, type CheckSignatures } from './submission.ts';

/** Counts that one device keeps. */
export const MAX_CLAIM_COUNTS = 2_048;
/** Refs that a pool remembers of what left it (`KP3`). */
export const MAX_SEEN_REFS = 4_096;

/** A KeyPackage that its device may publish. */
export interface PublishedKeyPackage {
  /** KeyPackageRef, RFC 9420 §5.2. */
  readonly ref: Uint8Array;
  readonly bytes: Uint8Array;
  readonly suite: number;
  readonly credentials: CredentialMode;
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

/** What one chain or one actor has claimed of a device until its hour ends. */
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
  const refusal = checkSize(body, MAX_KEY_PACKAGE_POST_BYTES);
  if (refusal !== undefined) return err(refusal);
  const publication = decode(keyPackagePublication, body);
  if (!publication.ok) return err({ ...publication.error });
  const { keyPackages, mode } = publication.value;
  const parsed: MlsKeyPackage[] = [];
  for (const [index, bytes] of keyPackages.entries()) {
    const keyPackage = parseEither(bytes, context);
    if (!keyPackage.ok) return refuseAt(index, keyPackage.error.code);
    if (!equalBytes(keyPackage.value.actor, context.device)) return refuseAt(index, 'other-actor');
    parsed.push(keyPackage.value);
  }
  const forged = parsed.findIndex((keyPackage) => !isGenuine(keyPackage, context.check));
  if (forged >= 0) return refuseAt(forged, 'key-package-signature');
  const published = parsed.map((keyPackage, index) => publishedOf(keyPackage, keyPackages[index] as Uint8Array));
  return ok({ replaces: mode === 'replace', keyPackages: published });
}

/** With a bound credential, or one of the client's own over its actor's key (`ML7`). */
function parseEither(bytes: Uint8Array, { device, clock }: PublicationContext): ReturnType<typeof parseKeyPackage> {
  const bound = parseKeyPackage(bytes, { nowMs: clock });
  if (bound.ok || bound.error.code !== 'credential-unbound') return bound;
  const unbound = parseKeyPackage(bytes, { nowMs: clock, credentials: 'unbound' });
  return unbound.ok && equalBytes(unbound.value.actor, device) ? unbound : bound;
}

/** Refuses a publication that would leave more in the pool than it holds (`KP3`). `fresh` are those not seen before. */
export function checkPool(available: number, fresh: readonly PublishedKeyPackage[]): RelayRefusal | undefined {
  const refs = new Set(fresh.filter(({ lastResort }) => !lastResort).map(({ ref }) => toBase64Url(ref)));
  const isFull = available + refs.size > MAX_KEY_PACKAGES;
  return isFull ? { code: 'key-package-pool-full', available, limit: MAX_KEY_PACKAGES } : undefined;
}

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

export interface NewClaimCounts {
  readonly chain: ClaimCount;
  readonly claimer: ClaimCount;
}

/** The counts that a claim adds to, where there are any. */
export interface ClaimLoad {
  readonly chain: ClaimCount | undefined;
  readonly claimer: ClaimCount | undefined;
  /** Counts that the device keeps. */
  readonly size: number;
  /** When the first of them ends. */
  readonly nextEnd: number | undefined;
}

/**
 * Counts a claim against its chain and its claimer (`KP8`): whoever may invite somewhere could otherwise drain every pool,
 * and leave the joiners of all other groups to a KeyPackage that is used more than once.
 */
export function countClaim(load: ClaimLoad, clock: number): Result<NewClaimCounts, RelayRefusal> {
  const chain = countOne(load.chain, 'claims', clock);
  if (!chain.ok) return chain;
  const claimer = countOne(load.claimer, 'claimer-claims', clock);
  if (!claimer.ok) return claimer;
  const isNew = load.chain === undefined || load.claimer === undefined;
  if (isNew && load.size >= MAX_CLAIM_COUNTS) return err(rateLimited('claims', (load.nextEnd ?? clock) - clock));
  return ok({ chain: chain.value, claimer: claimer.value });
}

function countOne(
  held: ClaimCount | undefined,
  name: 'claims' | 'claimer-claims',
  clock: number,
): Result<ClaimCount, RelayRefusal> {
  const { count: limit, periodMs } = limits[name];
  if (held === undefined || held.endsAt <= clock) return ok({ count: 1, endsAt: clock + periodMs });
  const { count, endsAt } = held;
  return count < limit ? ok({ count: count + 1, endsAt }) : err(rateLimited(name, endsAt - clock));
}

function isGenuine(keyPackage: MlsKeyPackage, check: CheckSignatures): boolean {
  return check(keyPackageSignatures(keyPackage)).every(Boolean);
}

function publishedOf(keyPackage: MlsKeyPackage, bytes: Uint8Array): PublishedKeyPackage {
  const { ref, suite, leaf, notAfterMs, lastResort } = keyPackage;
  const credentials = leaf.identity === undefined ? 'unbound' : 'bound';
  return { ref, bytes, suite, credentials, notAfter: notAfterMs, lastResort };
}

function refuseAt(index: number, reason: string): Result<never, RelayRefusal> {
  return err({ code: 'invalid-key-package', index, reason });
}
