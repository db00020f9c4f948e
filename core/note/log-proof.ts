import { fromBase64, toBase64 } from '../bytes/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import { err, ok, type Result } from '../result.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
/** An inclusion proof has one hash a level, and a tree of 2^53 leaves 53 of them. */
const MAX_PROOF_HASHES = 53;

/** That an entry is in a log, for anyone to check offline (C2SP tlog-proof). */
export interface LogProof {
  readonly index: number;
  /** From the leaf's sibling up (RFC 9162 §2.1.3). */
  readonly path: readonly Uint8Array[];
  /** The signed note, byte for byte; still to be opened with the log's key. */
  readonly checkpoint: string;
}

/** The text is no proof (`TR10`). */
export interface LogProofRefusal {
  readonly code: 'proof-malformed';
}

/** The text form (`TR10`). This project writes no `extra` line. */
export function formatLogProof({ index, path, checkpoint }: LogProof): string {
  return [HEADER, `index ${index}`, ...path.map(toBase64), '', checkpoint].join('\n');
}

/** Parses a proof; nothing in it is verified. An `extra` line is refused: it is unauthenticated and means nothing here. */
export function parseLogProof(text: string): Result<LogProof, LogProofRefusal> {
  const end = text.indexOf('\n\n');
  const [header, indexLine = '', ...pathLines] = text.slice(0, Math.max(end, 0)).split('\n');
  const index = /^index (0|[1-9][0-9]*)$/.exec(indexLine)?.[1];
  const path = pathLines.map(fromBase64);
  const isWellFormed =
    header === HEADER &&
    index !== undefined &&
    Number.isSafeInteger(Number(index)) &&
    path.length <= MAX_PROOF_HASHES &&
    path.every((hash) => hash?.length === HASH_BYTES);
  if (!isWellFormed) return err({ code: 'proof-malformed' });
  return ok({ index: Number(index), path: path as Uint8Array[], checkpoint: text.slice(end + 2) });
}
