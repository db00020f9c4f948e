import type { ProblemCode, Result } from '../core/index.ts';

/** A refusal with whatever its layer adds: `problemOf` shows the members. Plain data, so that it crosses an RPC whole. */
export interface RelayRefusal {
  readonly code: ProblemCode;
  readonly [detail: string]: unknown;
}

/** What an object answers a worker: encoded bytes, or a refusal that the worker turns into a problem. */
export type Answer = Result<Uint8Array, RelayRefusal>;

/** Who signed a request (RFC 9421). The signature is verified; the nonce is for the object that answers to claim. */
export interface Caller {
  /** 32 bytes that passed the admission rule. */
  readonly actor: Uint8Array;
  readonly nonce: Uint8Array;
  /** End of the signature's lifetime, ms since the Unix epoch. */
  readonly expiresAt: number;
}
