import { concatBytes, err, MAX_OBJECT_BYTES, ok } from '../core/index.ts';
import type { NodeResult } from '../relay/index.ts';
import { unavailable } from './checks.ts';
import { LATE, withDeadline } from './deadline.ts';

/** A whole answer. */
export interface NodeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** No answer of a node is larger: an object, or a page of a list with all that S3 says of each. */
const MAX_ANSWER_BYTES = MAX_OBJECT_BYTES;

/**
 * Sends a request and takes the whole answer, bounded in time and size (`SN7`). `prepare` makes it, signature included, and may
 * take its time from the same limit. A redirect is answered as it is: what was signed for one address goes to no other.
 */
export async function exchange(prepare: () => Promise<Request>, timeoutMs: number): Promise<NodeResult<NodeAnswer>> {
  const answer = await withDeadline(timeoutMs, async (signal): Promise<NodeResult<NodeAnswer>> => {
    const request = await prepare();
    try {
      const response = await fetch(request, { signal, redirect: 'manual' });
      const body = await readBounded(response);
      if (body === undefined) return err(unavailable('bad-answer'));
      return ok({ status: response.status, headers: response.headers, body });
    } catch {
      // Refused, unresolved, cut off before or in the middle of the answer: the platform has no code for any of them.
      return err(unavailable('network'));
    }
  });
  return answer === LATE ? err(unavailable('timeout')) : answer;
}

/** Undefined where there is more than any node answers. */
async function readBounded({ body }: Response): Promise<Uint8Array | undefined> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MAX_ANSWER_BYTES) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : concatBytes(...chunks);
}

/** The size that the answer to a HEAD announces. */
export function announcedSize({ headers }: NodeAnswer): number {
  const text = headers.get('content-length') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
