import type { Result } from '../result.ts';
import { isInForce, type MlsKeyPackage } from './key-package.ts';
import { MAX_KEY_PACKAGE_BYTES } from './limits.ts';
import { openMlsMessage } from './message.ts';
import { readKeyPackage } from './read-key-package.ts';
import { refuse, type MlsLeafCode, type MlsMessageCode, type MlsRefusal } from './refusal.ts';
import type { CredentialMode } from './suite.ts';

type KeyPackageRefusal = MlsRefusal<MlsMessageCode | MlsLeafCode>;

export interface KeyPackageOptions {
  readonly nowMs: number;
  /** Bound where it is not given. */
  readonly credentials?: CredentialMode;
}

/** Parses an MLSMessage that holds a KeyPackage, as it is published or claimed, and refuses one that is not in force. */
export function parseKeyPackage(
  bytes: Uint8Array,
  { nowMs, credentials = 'bound' }: KeyPackageOptions,
): Result<MlsKeyPackage, KeyPackageRefusal> {
  const message = openMlsMessage(bytes, 'mls_key_package', MAX_KEY_PACKAGE_BYTES);
  if (!message.ok) return message;
  const keyPackage = readKeyPackage(message.value.keyPackage, credentials);
  if (!keyPackage.ok) return keyPackage;
  return isInForce(keyPackage.value, nowMs) ? keyPackage : refuse('key-package-expired');
}
