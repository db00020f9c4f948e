import { sha256 } from '../crypto/index.ts';
import { ok, type Result } from '../result.ts';
import { MAX_WELCOME_BYTES } from './limits.ts';
import { openMlsMessage } from './message.ts';
import { refuse, type MlsMessageCode, type MlsRefusal } from './refusal.ts';
import { findSuiteByName } from './suite.ts';

export interface MlsWelcome {
  readonly suite: number;
  /** KeyPackageRefs of the joiners that it addresses, in its order. */
  readonly refs: readonly Uint8Array[];
  /** SHA-256 of the MLSMessage. */
  readonly hash: Uint8Array;
}

/** Parses an MLSMessage that holds a Welcome (RFC 9420 §12.4.3.1). What is in it only the joiners can tell. */
export function parseWelcome(bytes: Uint8Array): Result<MlsWelcome, MlsRefusal<MlsMessageCode>> {
  const message = openMlsMessage(bytes, 'mls_welcome', MAX_WELCOME_BYTES);
  if (!message.ok) return message;
  const { cipherSuite, secrets } = message.value.welcome;
  const suite = findSuiteByName(cipherSuite);
  if (suite === undefined) return refuse('mls-suite');
  return ok({ suite: suite.id, refs: secrets.map(({ newMember }) => newMember), hash: sha256(bytes) });
}
