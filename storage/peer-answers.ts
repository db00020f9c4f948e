import { bytesToUtf8, isProblemCode, type ProblemCode } from '../core/index.ts';
import type { NodeFault } from '../relay/index.ts';
import { CORRUPT, NOT_FOUND, refused, unavailable } from './checks.ts';
import type { NodeAnswer } from './exchange.ts';

/** What a shard node's problems come to for whoever uses it. */
const FAULTS: Partial<Record<ProblemCode, NodeFault>> = {
  'no-such-object': NOT_FOUND,
  'object-damaged': CORRUPT,
  // The path itself is unknown: this is some other server, and says nothing about any object.
  'not-found': unavailable('bad-answer'),
  'digest-mismatch': refused('digest-mismatch'),
  'body-too-large': refused('too-large'),
  'expiry-out-of-range': refused('expiry'),
  'quota-full': refused('quota-full'),
  'range-not-satisfiable': refused('range'),
  'relay-not-listed': refused('not-allowed'),
  'node-not-configured': refused('not-allowed'),
  'signature-required': refused('not-allowed'),
  'signature-invalid': refused('not-allowed'),
  'signature-expired': refused('not-allowed'),
  'nonce-replayed': refused('not-allowed'),
  'rate-limited': unavailable('busy'),
  unavailable: unavailable('busy'),
  internal: unavailable('failed'),
};

/** What an answer without success says. A refusal counts only in the node's own form: what stands between may answer anything. */
export function peerFault({ status, headers, body }: NodeAnswer): NodeFault {
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true;
  const code = isProblem ? codeOf(body) : undefined;
  if (code !== undefined) return FAULTS[code] ?? refused('other');
  if (status === 429 || status === 503) return unavailable('busy');
  return unavailable(status >= 500 ? 'failed' : 'bad-answer');
}

function codeOf(body: Uint8Array): ProblemCode | undefined {
  try {
    const { code } = JSON.parse(bytesToUtf8(body) ?? '') as { readonly code?: unknown };
    return isProblemCode(code) ? code : undefined;
  } catch {
    return undefined;
  }
}
