export { ErasureCode, MAX_SHARDS, type CodeParameters, type TooFewShards } from './erasure-code.ts';
export { BLOCK_BYTES, MAX_ROOM_BYTES, type ErasureKernel, type KernelName } from './kernel.ts';
export { loadErasureKernel, type KernelBuild } from './open-kernel.ts';
export { loadPortableKernel } from './portable-kernel.ts';
export { shardBytesFor, type Stripe, type StripeShape } from './stripe.ts';
export { type KernelExports } from './wasm-kernel.ts';
