import { decode, encode, type Codec, type DecodeRefusal } from '../../codec/index.ts';
import { equalBytes, fromBase64Url, toBase64Url } from '../../bytes/index.ts';
import { findSigners, type DsseEnvelope } from '../../dsse/index.ts';
import type { EventDefinition } from '../../event/index.ts';
import { err, ok, type Result } from '../../result.ts';
import type { AdminSignature } from './admin-signatures.ts';
import { ADMIN_ROTATION_TYPE, adminRotation, adminsRotated, type AdminRotation } from './admins-rotated.ts';
import { moduleManifest, type ModuleManifest } from './module-manifest.ts';
import { MODULE_MANIFEST_TYPE, modulePublished } from './module-published.ts';
import { moduleRevocation, moduleRevoked, REVOCATION_TYPE, type ModuleRevocation } from './module-revoked.ts';
import type { SignerRefusal } from './refusal.ts';

/** What admins sign, by the kind of event that carries it (`AR11`). */
export type AdminStatement =
  | { readonly kind: 'rotation'; readonly value: AdminRotation }
  | { readonly kind: 'publication'; readonly value: ModuleManifest }
  | { readonly kind: 'revocation'; readonly value: ModuleRevocation };

/** An envelope that holds no statement for a registry. */
export type StatementRefusal = DecodeRefusal | { readonly code: 'unsupported-statement'; readonly payloadType: string };

interface StatementForm {
  readonly payloadType: string;
  readonly codec: Codec<unknown>;
  readonly definition: EventDefinition<unknown>;
  /** The field of the event's body that the statement is. */
  readonly field: string;
}

/** Each pairs a codec with the one value type of its kind; the casts here say so once. */
const FORMS = {
  rotation: form(ADMIN_ROTATION_TYPE, adminRotation, adminsRotated, 'rotation'),
  publication: form(MODULE_MANIFEST_TYPE, moduleManifest, modulePublished, 'manifest'),
  revocation: form(REVOCATION_TYPE, moduleRevocation, moduleRevoked, 'revocation'),
} as const satisfies Readonly<Record<AdminStatement['kind'], StatementForm>>;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- codecs are invariant; each stands beside its own definition
function form(payloadType: string, codec: Codec<any>, definition: EventDefinition<any>, field: string): StatementForm {
  return { payloadType, codec, definition, field };
}

/** The part of an envelope that is signed. */
export function encodeAdminStatement({ kind, value }: AdminStatement): Pick<DsseEnvelope, 'payloadType' | 'payload'> {
  const { payloadType, codec } = FORMS[kind];
  return { payloadType, payload: encode(codec, value) };
}

/** What an envelope says. Nothing is verified: show it to whoever signs, or ask `logStatement`. */
export function readAdminStatement({ payloadType, payload }: DsseEnvelope): Result<AdminStatement, StatementRefusal> {
  const found = Object.entries(FORMS).find(([, known]) => known.payloadType === payloadType);
  if (found === undefined) return err({ code: 'unsupported-statement', payloadType });
  const value = decode(found[1].codec, payload);
  return value.ok ? ok({ kind: found[0], value: value.value } as AdminStatement) : value;
}

/** An event that carries a statement to the log. */
export interface LoggedStatement {
  readonly definition: EventDefinition<unknown>;
  readonly body: unknown;
}

/**
 * The event for an envelope (`AR12`): each signature beside the key that made it. `trusted` are the keys that may have: those of the root
 * in force, and for a rotation those of the next. A signature of none of them is refused, for the log takes nothing that does not count.
 */
export function logStatement(
  envelope: DsseEnvelope,
  trusted: readonly Uint8Array[],
): Result<LoggedStatement, StatementRefusal | SignerRefusal> {
  const statement = readAdminStatement(envelope);
  if (!statement.ok) return statement;
  const signatures = nameSigners(envelope, trusted);
  if (!signatures.ok) return signatures;
  const { definition, field } = FORMS[statement.value.kind];
  return ok({ definition, body: { [field]: statement.value.value, signatures: signatures.value } });
}

/** Puts its key beside each signature of an envelope. */
export function nameSigners(
  envelope: DsseEnvelope,
  trusted: readonly Uint8Array[],
): Result<readonly AdminSignature[], SignerRefusal> {
  const signers = findSigners(envelope, trusted);
  const named: AdminSignature[] = [];
  for (const [i, { keyId, signature }] of envelope.signatures.entries()) {
    const key = signers[i];
    if (key === undefined) return err(refuseSigner(keyId, trusted));
    named.push({ key, signature });
  }
  return ok(named);
}

/** No key made the signature. The hint tells which should have, as far as it names any. */
function refuseSigner(keyId: string | undefined, trusted: readonly Uint8Array[]): SignerRefusal {
  const key = fromBase64Url(keyId ?? '') ?? new Uint8Array();
  const isTrusted = trusted.some((other) => equalBytes(other, key));
  return { code: isTrusted ? 'admin-signature-invalid' : 'signer-unknown', key };
}

/** The JSON envelope's name of a key. */
export function adminKeyId(key: Uint8Array): string {
  return toBase64Url(key);
}
