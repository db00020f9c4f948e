import { fromBase64, toBase64 } from '../bytes/index.ts';
import { err, ok, type Result } from '../result.ts';

/** Signatures that an envelope may hold, and the characters that one in JSON may have. */
export const MAX_ENVELOPE_SIGNATURES = 32;
/** Characters of an envelope in JSON: a payload of 64 KiB, its signatures, and white space. */
export const MAX_DSSE_CHARS = 131_072;

/** A payload and who signed it (DSSE envelope 1.0). Nothing of it is verified. */
export interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly DsseSignature[];
}

/** One key's signature over an envelope's PAE. */
export interface DsseSignature {
  /** A hint that nothing is decided by; undefined where it was left out. */
  readonly keyId: string | undefined;
  readonly signature: Uint8Array;
}

/** Why a text is no envelope. */
export interface EnvelopeRefusal {
  readonly code: 'malformed-dsse';
  readonly reason: 'too-large' | 'no-json' | 'no-envelope' | 'no-base64' | 'too-many-signatures';
}

/**
 * Reads the JSON form. Either alphabet of base64 is taken, with its padding or without, and members that are not known are left out,
 * as the format demands; so one envelope has many texts, and nothing may be decided by the text.
 */
export function readDsseEnvelope(text: string): Result<DsseEnvelope, EnvelopeRefusal> {
  if (text.length > MAX_DSSE_CHARS) return refused('too-large');
  const json = readJson(text);
  if (json === undefined) return refused('no-json');
  const { payloadType = '', payload = '', signatures = [] } = json;
  if (!isText(payloadType) || typeof payload !== 'string' || !Array.isArray(signatures)) return refused('no-envelope');
  if (signatures.length > MAX_ENVELOPE_SIGNATURES) return refused('too-many-signatures');
  const bytes = decodeEither(payload);
  if (bytes === undefined) return refused('no-base64');
  const read = signatures.map(readSignature);
  const fault = read.find((signature) => typeof signature === 'string');
  if (fault !== undefined) return refused(fault);
  return ok({ payloadType, payload: bytes, signatures: read as readonly DsseSignature[] });
}

/** The JSON form, in standard base64; ends with a line feed, since it is kept in files. */
export function formatDsseEnvelope({ payloadType, payload, signatures }: DsseEnvelope): string {
  const json = {
    payload: toBase64(payload),
    payloadType,
    signatures: signatures.map(({ keyId, signature }) => ({
      ...(keyId === undefined ? {} : { keyid: keyId }),
      sig: toBase64(signature),
    })),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

function readJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An unpaired surrogate can be written in JSON and has no UTF-8, so nothing can have signed it. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value);
}

function readSignature(value: unknown): DsseSignature | EnvelopeRefusal['reason'] {
  if (!isObject(value)) return 'no-envelope';
  const { keyid = '', sig = '' } = value;
  if (typeof keyid !== 'string' || typeof sig !== 'string') return 'no-envelope';
  const signature = decodeEither(sig);
  return signature === undefined ? 'no-base64' : { keyId: keyid === '' ? undefined : keyid, signature };
}

function decodeEither(text: string): Uint8Array | undefined {
  const standard = text.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  return fromBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='));
}

function refused(reason: EnvelopeRefusal['reason']): Result<never, EnvelopeRefusal> {
  return err({ code: 'malformed-dsse', reason });
}
