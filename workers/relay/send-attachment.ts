import { digestField, EXPIRES_AT_HEADER, MEDIA_TYPE, ok, toBase64Url, type Result } from '../../core/index.ts';
import type { KeptAttachment } from '../../durable-objects/index.ts';
import { readBlob, readingMemory, type BlobReadRefusal, type ClusterNodes } from '../../relay/index.ts';
import { responseHeaders } from '../http/response-headers.ts';
import { parseRange, type ByteSpan } from './byte-range.ts';
import { LargeWrites, writingMemory } from './large-writes.ts';
import { problemResponse } from './problem.ts';

export interface AttachmentSource {
  readonly cluster: ClusterNodes;
  /** Told of shards that their nodes do not have as they were written. */
  readonly noteMissing: (shards: readonly number[]) => Promise<void>;
  readonly waitUntil: (work: Promise<void>) => void;
}

type Pieces = AsyncGenerator<Result<Uint8Array, BlobReadRefusal>, void>;

/**
 * An attachment, or the range of it that was asked for (RFC 9110 §14, `UP6`), as it comes from its nodes. Nothing is answered before
 * the first bytes are there: a blob that can't be read is a problem and not an answer that breaks off.
 */
export async function sendAttachment(
  request: Request,
  attachment: KeptAttachment,
  source: AttachmentSource,
): Promise<Response> {
  const { size } = attachment;
  const range = rangeOf(request, attachment);
  if (range === 'unsatisfiable') return unsatisfiable(size);
  const { start, end } = range ?? { start: 0, end: size };
  const init = {
    status: range === undefined ? 200 : 206,
    headers: headersOf(attachment, { start, end }, range !== undefined),
  };
  if (request.method === 'HEAD') return new Response(null, init);

  const { memory } = source.cluster;
  const held = readingMemory(attachment.descriptor.layout) + writingMemory(end - start);
  if (!memory.takeForReading(held)) return problemResponse({ code: 'too-many-transfers' });
  const release = (): void => memory.give(held);
  try {
    const body = await startSending(attachment, { start, end }, source);
    if (body.ok) source.waitUntil(body.value.sent.then(release, release));
    else release();
    return body.ok ? new Response(body.value.readable, init) : problemResponse(refusalOf(body.error));
  } catch (error) {
    release();
    throw error;
  }
}

interface SentBody {
  readonly readable: ReadableStream;
  /** Once nothing more is read for it, whatever became of it. */
  readonly sent: Promise<void>;
}

/** Reads the first bytes, and the others as they are taken. */
async function startSending(
  attachment: KeptAttachment,
  { start, end }: ByteSpan,
  { cluster, noteMissing }: AttachmentSource,
): Promise<Result<SentBody, BlobReadRefusal>> {
  const missing = new Set<number>();
  const damaged = (shard: number): unknown => missing.add(shard);
  const pieces = readBlob(cluster, attachment, { start, end }, { damaged });
  const first = await pieces.next();
  if (first.done !== true && !first.value.ok) {
    await noteMissing([...missing]);
    return first.value;
  }
  const { readable, writable } = new FixedLengthStream(end - start);
  const report = (): Promise<void> => (missing.size > 0 ? noteMissing([...missing]) : Promise.resolve());
  const sending = new LargeWrites(writable, end - start, (ms) => cluster.startTimer(ms));
  return ok({ readable, sent: pump(first, pieces, sending).then(report, report) });
}

/** Of a GET alone (RFC 9110 §14.2), and only for the representation that the caller has begun with (§13.1.5). */
function rangeOf({ method, headers }: Request, attachment: KeptAttachment): ByteSpan | 'unsatisfiable' | undefined {
  if (method !== 'GET') return undefined;
  const condition = headers.get('if-range');
  if (condition !== null && condition !== etagOf(attachment)) return undefined;
  return parseRange(headers.get('range'), attachment.size);
}

function headersOf(attachment: KeptAttachment, { start, end }: ByteSpan, isRange: boolean): Headers {
  const { hash, size, expiresAt } = attachment;
  const headers = responseHeaders(MEDIA_TYPE, {
    'accept-ranges': 'bytes',
    'content-length': String(end - start),
    etag: etagOf(attachment),
    'repr-digest': digestField(hash),
    [EXPIRES_AT_HEADER]: String(expiresAt),
  });
  // A range may be all of it, and says so even then (RFC 9110 §15.3.7.1).
  if (isRange) headers.set('content-range', `bytes ${start}-${end - 1}/${size}`);
  return headers;
}

function unsatisfiable(size: number): Response {
  const response = problemResponse({ code: 'range-not-satisfiable', sizeBytes: size });
  response.headers.set('content-range', `bytes */${size}`);
  return response;
}

function etagOf({ hash }: KeptAttachment): string {
  return `"${toBase64Url(hash)}"`;
}

function refusalOf(refusal: BlobReadRefusal) {
  return refusal.code === 'unavailable' ? { ...refusal } : ({ code: 'attachment-inconsistent' } as const);
}

/** As fast as the caller takes it. What can't go on breaks off: the length says that it is not all. */
async function pump(
  first: IteratorResult<Result<Uint8Array, BlobReadRefusal>, void>,
  pieces: Pieces,
  sending: LargeWrites,
): Promise<void> {
  try {
    for (let next = first; next.done !== true; next = await pieces.next()) {
      if (!next.value.ok) throw new Error(next.value.error.code);
      await sending.write(next.value.value);
    }
    await sending.close();
  } catch (error) {
    await sending.abort(error);
    await pieces.return();
  }
}
