import {
  decode,
  encode,
  fromBase32,
  HASH_BYTES,
  opaque,
  SEED_BYTES,
  sha256,
  struct,
  toBase32,
  version,
  type Decoded,
} from '../../core/index.ts';
import { UsageError } from '../errors.ts';

/** Enough that a letter that was read wrongly is noticed before anything is asked. */
const SUM_BYTES = 4;
const GROUP = 4;
const GROUPS_A_LINE = 7;
const MAX_CODE_CHARS = 512;

/** What is on the paper: which account, and the key that recovers it (`ID16`). */
export const recoveryCode = struct('RecoveryCode', {
  version: version(1),
  chain: opaque(HASH_BYTES),
  seed: opaque(SEED_BYTES),
  /** The first bytes of SHA-256 over the fields before. */
  sum: opaque(SUM_BYTES),
});

type Secret = Pick<Decoded<typeof recoveryCode>, 'chain' | 'seed'>;

/** For people to keep on paper: lines of groups of four letters and digits. */
export function writeRecoveryCode(secret: Secret): string {
  const text = toBase32(encode(recoveryCode, { version: 1, ...secret, sum: sumOf(secret) }));
  const groups = text.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? [];
  const lines = groups.flatMap((_, i) => (i % GROUPS_A_LINE === 0 ? [groups.slice(i, i + GROUPS_A_LINE)] : []));
  return lines.map((line) => line.join(' ')).join('\n');
}

/** However it was written down: case, spaces, dashes and line ends don't matter. Rejects with `recovery-code-invalid`. */
export function parseRecoveryCode(code: string): Secret {
  const letters = code.slice(0, MAX_CODE_CHARS).replace(/[\s-]/g, '').toLowerCase();
  const bytes = fromBase32(letters);
  const parsed = bytes && decode(recoveryCode, bytes);
  if (parsed?.ok !== true || !isSumOf(parsed.value)) {
    throw new UsageError('recovery-code-invalid', 'this is no recovery code, or a letter of it is wrong');
  }
  return parsed.value;
}

function isSumOf({ sum, ...secret }: Secret & { readonly sum: Uint8Array }): boolean {
  return sumOf(secret).every((byte, i) => byte === sum[i]);
}

function sumOf(secret: Secret): Uint8Array {
  const whole = encode(recoveryCode, { ...secret, version: 1, sum: new Uint8Array(SUM_BYTES) });
  return sha256(whole.subarray(0, -SUM_BYTES)).slice(0, SUM_BYTES);
}
