/**
 * The one cipher suite that is supported (`ML1`): MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 of RFC 9420 §17.1. Its
 * primitives run on Web Crypto in Node, workerd and browsers, and its signatures are the ones that actors make.
 */
export const MLS_SUITE = 1;
/** How ts-mls calls it. */
export const MLS_SUITE_NAME = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';
/** HPKE and signature public keys of the suite. */
export const MLS_KEY_BYTES = 32;
