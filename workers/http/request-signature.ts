import {
  isSignatureError,
  verifySignature,
  type RequestDescriptor,
  type SignatureErrorCode,
  type SignatureParameters,
  type UntrustedSignatureCandidate,
  type Verifier,
} from 'http-message-sig';
import {
  ACTOR_BYTES,
  err,
  fromBase64Url,
  MAX_REQUEST_LIFETIME_S,
  ok,
  REQUEST_NONCE_BYTES,
  REQUEST_SIGNATURE_LABEL,
  SIGNED_COMPONENTS,
  type Result,
} from '../../core/index.ts';
import type { Caller, CheckSignatures, RelayRefusal } from '../../relay/index.ts';
import type { Clock } from './clock.ts';
import { MAX_FUTURE_SKEW_S, SIGNATURE_ALGORITHM } from './signature-policy.ts';

/** Longest Signature or Signature-Input header that is parsed; a signature of ours takes some 300 characters. */
const MAX_SIGNATURE_HEADER = 4096;

/** A verified request without its body. */
export interface SignedRequest {
  readonly caller: Caller;
  /** The Content-Digest that was signed; the body must still be compared with it. */
  readonly digest: string;
}

/** Why a signature is none, as the problem's `reason` (`RQ8`). */
type InvalidReason = 'malformed' | 'label' | 'components' | 'parameters' | 'algorithm' | 'keyid' | 'mismatch';
type ExpiredReason = 'expired' | 'not-yet-valid' | 'lifetime';

export function isSigned(request: Request): boolean {
  return request.headers.has('signature') || request.headers.has('signature-input');
}

/**
 * Verifies the RFC 9421 signature of a request (`RQ1`–`RQ5`). Reads no body, keeps no nonce: the digest is for whoever
 * reads the body, the nonce for the object that answers.
 */
export async function verifyRequest(
  request: Request,
  port: { readonly clock: Clock; readonly checkSignatures: CheckSignatures },
): Promise<Result<SignedRequest, RelayRefusal>> {
  if (!isSigned(request)) return err({ code: 'signature-required' });
  const message = describeRequest(request);
  if (message.fields.some(({ value }) => value.length > MAX_SIGNATURE_HEADER)) return err(invalid('malformed'));
  const nowMs = port.clock();
  try {
    const { verifier } = await verifySignature(message, {
      label: REQUEST_SIGNATURE_LABEL,
      policy: {
        algorithms: [SIGNATURE_ALGORITHM],
        // The library names every breach of its policy alike, and its bounds leave open what ours close: how long a
        // signature may live and that nothing else is covered. So those are decided in `actorVerifier`.
        requiredComponents: [],
        requiredParameters: [],
        clockSkew: Number.MAX_SAFE_INTEGER,
        now: Math.floor(nowMs / 1000),
      },
      resolveVerifier: (candidate) => actorVerifier(candidate, nowMs, port.checkSignatures),
    });
    return ok({ caller: verifier.caller, digest: request.headers.get('content-digest') ?? '' });
  } catch (error) {
    return err(refusalOf(error));
  }
}

/** Only what a signature of ours may cover, so that the library touches no other header. */
function describeRequest(request: Request): RequestDescriptor {
  const fields = ['signature', 'signature-input', 'content-digest'].flatMap((name) => {
    const value = request.headers.get(name);
    return value === null ? [] : [{ name, value }];
  });
  return { kind: 'request', method: request.method, targetUri: request.url, fields };
}

interface ActorVerifier extends Verifier {
  readonly caller: Caller;
}

/** Carries a refusal out through the library, which wraps what a resolver throws. */
class SignatureFault extends Error {
  readonly refusal: RelayRefusal;

  constructor(refusal: RelayRefusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/** Everything that can be refused before any arithmetic is. The key is the caller's own: `keyid` is the actor. */
function actorVerifier(
  { components, parameters }: UntrustedSignatureCandidate,
  nowMs: number,
  checkSignatures: CheckSignatures,
): ActorVerifier {
  if (!coversExactly(components)) throw new SignatureFault(invalid('components'));
  const caller = parseCaller(parameters);
  checkLifetime(parameters, nowMs);
  return {
    algorithm: SIGNATURE_ALGORITHM,
    caller,
    verify: (message, signature) => checkSignatures([{ key: caller.actor, message, signature }])[0] === true,
  };
}

/** `RQ1`: each of the components once, in any order, and nothing else. The library refuses duplicates. */
function coversExactly(components: UntrustedSignatureCandidate['components']): boolean {
  const names = new Set(components.map(({ name }) => name));
  return (
    components.length === SIGNED_COMPONENTS.length &&
    components.every(({ parameters }) => Object.keys(parameters).length === 0) &&
    SIGNED_COMPONENTS.every((name) => names.has(name))
  );
}

/** `RQ2`. Whether the key is admissible is the checker's to say: it is asked with the signature. */
function parseCaller({ keyid, nonce, alg, tag, expires }: SignatureParameters): Caller {
  const actor = fromBase64Url(keyid ?? '');
  if (actor?.length !== ACTOR_BYTES) throw new SignatureFault(invalid('keyid'));
  const nonceBytes = fromBase64Url(nonce ?? '');
  const isTagged = tag === undefined || tag === REQUEST_SIGNATURE_LABEL;
  if (nonceBytes?.length !== REQUEST_NONCE_BYTES || alg === undefined || !isTagged || expires === undefined) {
    throw new SignatureFault(invalid('parameters'));
  }
  return { actor, nonce: nonceBytes, expiresAt: expires * 1000 };
}

/** `RQ3`. Seconds are compared as seconds: `expires` is the last one in which the signature holds. */
function checkLifetime({ created, expires }: SignatureParameters, nowMs: number): void {
  if (created === undefined || expires === undefined) throw new SignatureFault(invalid('parameters'));
  const now = Math.floor(nowMs / 1000);
  const refuse = (reason: ExpiredReason): never => {
    throw new SignatureFault({ code: 'signature-expired', reason, relayTime: nowMs });
  };
  if (expires <= created || expires - created > MAX_REQUEST_LIFETIME_S) refuse('lifetime');
  if (created > now + MAX_FUTURE_SKEW_S) refuse('not-yet-valid');
  if (expires < now) refuse('expired');
}

function invalid(reason: InvalidReason): RelayRefusal {
  return { code: 'signature-invalid', reason };
}

/** The library's codes as far as a caller can cause them; its message stays here. */
const REASONS: Partial<Record<SignatureErrorCode, InvalidReason>> = {
  MissingField: 'components',
  MalformedField: 'malformed',
  LabelMismatch: 'label',
  DuplicateLabel: 'malformed',
  InvalidComponent: 'components',
  DuplicateComponent: 'components',
  UnsupportedFeature: 'malformed',
  AlgorithmMismatch: 'algorithm',
  PolicyViolation: 'algorithm',
  VerificationFailed: 'mismatch',
};

function refusalOf(error: unknown): RelayRefusal {
  if (!isSignatureError(error)) throw error;
  if (error.cause instanceof SignatureFault) return error.cause.refusal;
  const reason = REASONS[error.code];
  if (reason === undefined) throw error;
  return invalid(reason);
}
