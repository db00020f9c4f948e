import {
  decode,
  equalBytes,
  err,
  keyPackagePublication,
  MAX_KEY_PACKAGES,
  MAX_KEY_PACKAGE_POST_BYTES,
  ok,
  toBase64Url,
  type Result,
} from '../core/index.ts';
import { keyPackageSignatures, parseKeyPackage, type CredentialMode, type MlsKeyPackage } from '../core/mls/index.ts';
import type { RelayRefusal } from './answer.ts';
import { checkSize, type CheckSignatures } from './submission.ts';

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
export interface KeyPackageContext {
  readonly device: Uint8Array;
  readonly check: CheckSignatures;
  readonly clock: number;
}

/**
 * Judges a publication whole (`KP2`): one KeyPackage that is malformed, not in force, another actor's or not genuine
 * refuses all, by its place and the reason, so that a device never believes in stock that it does not have.
 */
export function judgePublication(body: Uint8Array, context: KeyPackageContext): Result<Publication, RelayRefusal> {
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

/** Refuses a publication that would leave more in the pool than it holds (`KP3`). `fresh` are those not seen before. */
export function checkPool(available: number, fresh: readonly PublishedKeyPackage[]): RelayRefusal | undefined {
  const refs = new Set(fresh.filter(({ lastResort }) => !lastResort).map(({ ref }) => toBase64Url(ref)));
  const isFull = available + refs.size > MAX_KEY_PACKAGES;
  return isFull ? { code: 'key-package-pool-full', available, limit: MAX_KEY_PACKAGES } : undefined;
}

/** With a bound credential, or one of the client's own over its actor's key (`ML7`). */
function parseEither(bytes: Uint8Array, { device, clock }: KeyPackageContext): ReturnType<typeof parseKeyPackage> {
  const bound = parseKeyPackage(bytes, { nowMs: clock });
  if (bound.ok || bound.error.code !== 'credential-unbound') return bound;
  const unbound = parseKeyPackage(bytes, { nowMs: clock, credentials: 'unbound' });
  return unbound.ok && equalBytes(unbound.value.actor, device) ? unbound : bound;
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
