export { isAdmissibleKey, isAdmissibleSignature, parseActorKey, SIGNATURE_BYTES } from './admission.ts';
export { sha256 } from './sha256.ts';
export { signContent } from './sign-content.ts';
export { createSignatureChecker, DEFAULT_MAX_KEYS, } from './signature-checker.ts';
export { publicKeyOf, satisfiesEquation, signEd25519, verifyOracle } from './signing.ts';
