import { verifyModuleStatically, type VerifiedModule } from '../../../core/index.ts';

/** A module that the verifier takes; a test with another one is wrong. */
export function verified(bytes: Uint8Array): VerifiedModule {
  const result = verifyModuleStatically(bytes);
  if (!result.ok) throw new Error(`${result.error.rule} at byte ${result.error.offset}`);
  return result.value;
}
