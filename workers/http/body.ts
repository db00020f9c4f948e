import { concatBytes, err, MEDIA_TYPE, ok, type Result } from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';

const DECIMAL = /^\d{1,15}$/;

/**
 * Refuses by the headers alone what would be refused later (`HT2`, `HT3`): an announced size over the limit, and a body of
 * another type. A limit of 0 is a route without a body, so no type is asked for.
 */
export function checkBodyHeaders({ headers }: Request, limitBytes: number): RelayRefusal | undefined {
  const announced = headers.get('content-length');
  if (announced !== null && !(DECIMAL.test(announced) && Number(announced) <= limitBytes)) return tooLarge(limitBytes);
  return limitBytes === 0 || isBinary(headers.get('content-type')) ? undefined : { code: 'unsupported-media-type' };
}

/**
 * Reads at most `limitBytes` (`HT2`); call `checkBodyHeaders` first. An announced body can't be longer than it says, so it
 * is taken as the platform gives it, in one piece; another is counted while it arrives and dropped at the limit.
 */
export async function readBody(request: Request, limitBytes: number): Promise<Result<Uint8Array, RelayRefusal>> {
  const { body } = request;
  if (body === null) return ok(new Uint8Array());
  try {
    if (request.headers.has('content-length')) return ok(new Uint8Array(await request.arrayBuffer()));
    return await readCounted(body, limitBytes);
  } catch {
    // The sender went away in the middle of it; whoever still listens learns that nothing was taken.
    return err({ code: 'malformed-request', parameter: 'body' });
  }
}

async function readCounted(body: ReadableStream, limitBytes: number): Promise<Result<Uint8Array, RelayRefusal>> {
  const reader = body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return ok(concatBytes(...chunks));
    size += value.length;
    if (size > limitBytes) {
      await reader.cancel();
      return err(tooLarge(limitBytes));
    }
    chunks.push(value);
  }
}

function isBinary(contentType: string | null): boolean {
  return contentType === MEDIA_TYPE || contentType?.split(';')[0]?.trim().toLowerCase() === MEDIA_TYPE;
}

function tooLarge(limitBytes: number): RelayRefusal {
  return { code: 'body-too-large', limitBytes };
}
