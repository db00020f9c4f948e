export {
  formatDsseEnvelope,
  MAX_DSSE_CHARS,
  MAX_ENVELOPE_SIGNATURES,
  readDsseEnvelope,
  type DsseEnvelope,
  type DsseSignature,
  type EnvelopeRefusal,
} from './envelope.ts';
export { mergeEnvelopes, type MergeRefusal } from './merge-envelopes.ts';
export { preAuthEncoding } from './pre-auth-encoding.ts';
export { countSigners, dsseVerifyJob, findSigners } from './signers.ts';
