import type { VerifyJob } from '../crypto/index.ts';
import { leafSignatures, type MlsLeaf } from './leaf.ts';

/** The `last_resort` extension (draft-ietf-mls-extensions): a KeyPackage that is handed out again when none is left. */
export const LAST_RESORT_EXTENSION = 0x000a;

/** A KeyPackage (RFC 9420 §10) that holds together. It is genuine once `keyPackageSignatures` verified. */
export interface MlsKeyPackage {
  /** KeyPackageRef, 32 bytes: what a Welcome names it by. */
  readonly ref: Uint8Array;
  /** 32 bytes. */
  readonly actor: Uint8Array;
  readonly suite: number;
  readonly leaf: MlsLeaf;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly lastResort: boolean;
  /** Its own signature; the leaf has two more. */
  readonly signature: VerifyJob;
}

/** Whether a KeyPackage may be handed out or added at this time. */
export function isInForce(keyPackage: Pick<MlsKeyPackage, 'notBeforeMs' | 'notAfterMs'>, nowMs: number): boolean {
  return keyPackage.notBeforeMs <= nowMs && nowMs < keyPackage.notAfterMs;
}

/** A leaf from a KeyPackage is signed for no group in particular. */
const NO_PLACE = { groupId: new Uint8Array(), leafIndex: 0 };

/** Every signature that makes a KeyPackage genuine: the leaf's, the actor's binding, the KeyPackage's (`ML10`). */
export function keyPackageSignatures({ leaf, signature }: MlsKeyPackage): readonly VerifyJob[] {
  return [...leafSignatures(leaf, NO_PLACE), signature];
}
