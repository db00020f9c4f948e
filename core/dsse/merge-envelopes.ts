import { equalBytes } from '../bytes/index.ts';
import { err, ok, type Result } from '../result.ts';
import { MAX_ENVELOPE_SIGNATURES, type DsseEnvelope } from './envelope.ts';

/** Why envelopes are not copies of one. */
export interface MergeRefusal {
  readonly code: 'no-envelope' | 'other-statement' | 'too-many-signatures';
  /** The first that does not fit those before it. */
  readonly at: number;
}

/**
 * One envelope of several copies that were signed apart (`AR17`): what they say is the same to the byte, and each signature stands once.
 * Nothing is verified.
 */
export function mergeEnvelopes(copies: readonly DsseEnvelope[]): Result<DsseEnvelope, MergeRefusal> {
  const [first] = copies;
  if (first === undefined) return err({ code: 'no-envelope', at: 0 });
  let { signatures } = first;
  for (const [at, { payloadType, payload, signatures: more }] of copies.entries()) {
    if (payloadType !== first.payloadType || !equalBytes(payload, first.payload)) {
      return err({ code: 'other-statement', at });
    }
    const known = signatures;
    const isNew = ({ signature }: (typeof more)[number]) => !known.some((one) => equalBytes(one.signature, signature));
    signatures = at === 0 ? signatures : [...signatures, ...more.filter(isNew)];
    if (signatures.length > MAX_ENVELOPE_SIGNATURES) return err({ code: 'too-many-signatures', at });
  }
  return ok({ ...first, signatures });
}
