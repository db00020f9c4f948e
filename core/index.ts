/**
 * The protocol: everything that a relay, a client, an auditor and a witness must agree on. Pure: no clock, no randomness,
 * no I/O, no platform types.
 */
export * from './blob/index.ts';
export * from './bytes/index.ts';
export * from './chain/index.ts';
export * from './cluster/index.ts';
export * from './codec/index.ts';
export * from './crypto/index.ts';
export * from './dsse/index.ts';
export * from './duration.ts';
export * from './erasure/index.ts';
export * from './event/index.ts';
export * from './merkle/index.ts';
export * from './note/index.ts';
export * from './policy/index.ts';
export * from './result.ts';
export * from './state/index.ts';
export * from './wire/index.ts';
