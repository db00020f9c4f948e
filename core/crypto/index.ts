export { checkSignaturesAtOnce, useVerifyBatch } from './portable-checker.ts';
export { agreementKeyOf, agreementSecretOf } from './agreement.ts';
export { isAdmissibleKey, isAdmissibleSignature, parseActorKey, SIGNATURE_BYTES, type ActorKey } from './admission.ts';
export { isP256Key, P256_KEY_BYTES, p256PublicKeyOf, p256SecretOf, verifyP256 } from './p256.ts';
export { sha256, useSha256, type Sha256 } from './sha256.ts';
export { signContent } from './sign-content.ts';
export {
  createSignatureChecker,
  DEFAULT_MAX_KEYS,
  type AsyncVerifyBatch,
  type SignatureChecker,
  type SyncVerifyBatch,
  type VerifyBatch,
  type VerifyJob,
} from './signature-checker.ts';
export { publicKeyOf, satisfiesEquation, SEED_BYTES, signEd25519, verifyOracle } from './signing.ts';
