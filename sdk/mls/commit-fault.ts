import { CryptoError, CryptoVerificationError } from 'ts-mls/mlsError.js';
import type { CommitFault } from '../../core/index.ts';

/** What of a commit failed, by what ts-mls threw: it has one type of error for each kind of check, and names its tags. */
export function faultOf(error: unknown): CommitFault {
  // Of a commit only the path secret is decrypted.
  if (error instanceof CryptoError) return 'path-secret';
  if (!(error instanceof CryptoVerificationError)) return 'other';
  if (error.message.includes('confirmation tag')) return 'confirmation-tag';
  if (error.message.includes('public keys of the tree')) return 'path-keys';
  return error.message.includes('membership') ? 'membership-tag' : 'other';
}
