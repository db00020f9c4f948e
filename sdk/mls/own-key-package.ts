import type { Capabilities, CiphersuiteName, KeyPackage, PrivateKeyPackage } from 'ts-mls';
import { generateKeyPackageWithKey } from 'ts-mls/keyPackage.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { DAY_MS, decode, encode, HOUR_MS, ok, opaqueVector, struct, version, type Result } from '../../core/index.ts';
import { LAST_RESORT_EXTENSION, MAX_KEY_PACKAGE_BYTES, mlsSuites } from '../../core/mls/index.ts';
import type { MlsIdentity } from './identity.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { loadSuite } from './suite.ts';

/** How far the clocks of those who check a lifetime may be behind. */
export const CLOCK_TOLERANCE_MS = HOUR_MS;
/** As long as anything waits on a relay. */
const LIFETIME_MS = 30 * DAY_MS;
/** Of the one KeyPackage that is handed out when the others are used up. */
const LAST_RESORT_LIFETIME_MS = 90 * DAY_MS;

/** A KeyPackage and its secrets, as ts-mls takes them. */
export interface OwnKeyPackage {
  readonly keyPackage: KeyPackage;
  readonly secrets: PrivateKeyPackage;
}

export async function drawKeyPackage(
  identity: MlsIdentity,
  request: { readonly nowMs: number; readonly lastResort?: boolean },
): Promise<OwnKeyPackage> {
  const { nowMs, lastResort = false } = request;
  const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
    { credentialType: 'basic', identity: identity.credentialIdentity },
    capabilities(lastResort),
    {
      notBefore: toSeconds(nowMs - CLOCK_TOLERANCE_MS),
      notAfter: toSeconds(nowMs + (lastResort ? LAST_RESORT_LIFETIME_MS : LIFETIME_MS)),
    },
    lastResort ? [{ extensionType: LAST_RESORT_EXTENSION, extensionData: new Uint8Array() }] : [],
    { signKey: identity.signatureSeed, publicKey: identity.signatureKey },
    await loadSuite(identity.suite.name),
  );
  return { keyPackage: publicPackage, secrets: privatePackage };
}

/**
 * What this client says it understands. Stated in full and without chance values: OpenMLS refuses leaves that don't list
 * both credential types, and extensions that aren't listed.
 */
function capabilities(lastResort: boolean): Capabilities {
  return {
    versions: ['mls10'],
    ciphersuites: mlsSuites.map(({ name }) => name as CiphersuiteName),
    extensions: lastResort ? [LAST_RESORT_EXTENSION] : [],
    proposals: [],
    credentials: ['basic', 'x509'],
  };
}

/** Lifetimes are whole seconds (RFC 9420 §7.2). */
function toSeconds(ms: number): bigint {
  return BigInt(Math.max(Math.floor(ms / 1000), 0));
}

export function encodeKeyPackageMessage(keyPackage: KeyPackage): Uint8Array {
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage });
}

/** Of a message that core's parser accepted. */
export function decodeKeyPackageMessage(message: Uint8Array): KeyPackage | undefined {
  const decoded = decodeMlsMessage(message, 0)?.[0];
  return decoded?.wireformat === 'mls_key_package' ? decoded.keyPackage : undefined;
}

/** Longest private key of any suite, PKCS #8 framing included. */
const MAX_SECRET_BYTES = 256;
const ownKeyPackageCodec = struct('OwnKeyPackageRecord', {
  version: version(1),
  message: opaqueVector(MAX_KEY_PACKAGE_BYTES),
  initPrivateKey: opaqueVector(MAX_SECRET_BYTES),
  encryptionPrivateKey: opaqueVector(MAX_SECRET_BYTES),
  signaturePrivateKey: opaqueVector(MAX_SECRET_BYTES),
});

export function serialiseOwnKeyPackage({ keyPackage, secrets }: OwnKeyPackage): Uint8Array {
  return encode(ownKeyPackageCodec, {
    version: 1,
    message: encodeKeyPackageMessage(keyPackage),
    initPrivateKey: secrets.initPrivateKey,
    encryptionPrivateKey: secrets.hpkePrivateKey,
    signaturePrivateKey: secrets.signaturePrivateKey,
  });
}

/** Refuses bytes that no `newKeyPackage` of this version gave as `privateState`. */
export function parseOwnKeyPackage(bytes: Uint8Array): Result<OwnKeyPackage, EngineRefusal> {
  const record = decode(ownKeyPackageCodec, bytes.slice());
  if (!record.ok) return refuse('state-malformed');
  const { message, initPrivateKey, encryptionPrivateKey, signaturePrivateKey } = record.value;
  // In force or not: a Welcome may have been waiting for longer than the KeyPackage lived.
  const parsed = parseKeyPackageAtAnyTime(message);
  if (parsed === undefined) return refuse('state-malformed');
  const secrets = { initPrivateKey, hpkePrivateKey: encryptionPrivateKey, signaturePrivateKey };
  return ok({ keyPackage: parsed, secrets });
}

function parseKeyPackageAtAnyTime(message: Uint8Array): KeyPackage | undefined {
  try {
    return decodeKeyPackageMessage(message);
  } catch {
    return undefined;
  }
}
