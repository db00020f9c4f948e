import { parseKeyPackage } from '../../core/mls/index.ts';
import type { MlsIdentity } from './identity.ts';
import { drawKeyPackage, encodeKeyPackageMessage, serialiseOwnKeyPackage } from './own-key-package.ts';

export interface KeyPackageRequest {
  readonly nowMs: number;
  /** To be handed out again and again when no other is left; lives longer. */
  readonly lastResort?: boolean;
}

export interface NewKeyPackage {
  /** An MLSMessage, to be published. */
  readonly message: Uint8Array;
  /** KeyPackageRef, 32 bytes: what a Welcome names it by. */
  readonly ref: Uint8Array;
  readonly notAfterMs: number;
  /** Everything that `joinGroup` needs, secrets included. Delete it once it was used, unless it is a last resort. */
  readonly privateState: Uint8Array;
}

/** Draws the keys for one invitation. */
export async function newKeyPackage(identity: MlsIdentity, request: KeyPackageRequest): Promise<NewKeyPackage> {
  const own = await drawKeyPackage(identity, request);
  const message = encodeKeyPackageMessage(own.keyPackage);
  const parsed = parseKeyPackage(message, request);
  if (!parsed.ok) throw new Error(`made a KeyPackage that is refused: ${parsed.error.code}`);
  const { ref, notAfterMs } = parsed.value;
  return { message, ref, notAfterMs, privateState: serialiseOwnKeyPackage(own) };
}
