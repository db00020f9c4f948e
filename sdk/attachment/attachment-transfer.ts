import { MAX_ATTACHMENT_BYTES, toBase64Url, UPLOAD_OFFSET_HEADER, type ChainId } from '../../core/index.ts';
import type { TransferRequest } from '../http-client.ts';
import { Backoff } from '../backoff.ts';
import { NetworkError, passingAfter, RelayProblem, UntrustedError } from '../errors.ts';
import type { RelayClient } from '../relay-client.ts';
import type { Platform } from '../platform.ts';
import type { SealedSource } from './sealed-source.ts';
import { StallWatch } from './stall-watch.ts';

/** Attempts in a row that bring nothing, after which a transfer is given up. */
const MAX_IDLE_ATTEMPTS = 6;
/** The same where nobody answers, or nobody has room: a relay that restarts, or a train in a tunnel, is back within the minute that these take. */
const MAX_UNANSWERED_ATTEMPTS = 10;
const FIRST_BYTE = 'bytes=0-0';

export interface TransferOptions {
  readonly signal: AbortSignal | undefined;
  /** Encrypted bytes that are through, from the beginning. May fall back to where a transfer goes on. */
  readonly onBytes: (bytes: number) => void;
}

/** Brings encrypted attachments to the relay and back, and goes on where a connection broke off (`CL47`). */
export class AttachmentTransfer {
  readonly #client: RelayClient;
  readonly #platform: Platform;
  readonly #chain: ChainId;

  constructor(client: RelayClient, platform: Platform, chain: ChainId) {
    this.#client = client;
    this.#platform = platform;
    this.#chain = chain;
  }

  /** Resolves once the relay keeps all of it. */
  async upload(source: SealedSource, hash: Uint8Array, options: TransferOptions): Promise<void> {
    const attempts = new Attempts(this.#platform);
    let offset: number | undefined;
    for (;;) {
      try {
        const next = await this.#send(source, hash, { ...options, offset });
        if (next === 'kept') return;
        attempts.note(next > (offset ?? 0));
        offset = next;
      } catch (error) {
        await attempts.pause(error, options.signal);
        const state = await this.#stateOf(hash, options.signal).catch((cause: unknown) => {
          if (passingAfter(cause) === undefined) throw cause;
          return offset;
        });
        if (state === 'kept') return;
        if ((state ?? 0) > (offset ?? 0)) attempts.note(true);
        offset = state;
      }
    }
  }

  /** The encrypted bytes in order, as many as are announced and no more. */
  async *download(hash: string, sealedBytes: number, options: TransferOptions): AsyncGenerator<Uint8Array, void> {
    const attempts = new Attempts(this.#platform);
    for (let offset = 0; offset < sealedBytes;) {
      const watch = new StallWatch(this.#platform, options.signal);
      try {
        for await (const bytes of this.#receive(hash, offset, watch)) {
          watch.moved();
          attempts.note(true);
          offset += bytes.length;
          if (offset > sealedBytes)
            throw new UntrustedError('payload-mismatch', 'the attachment is longer than it was');
          options.onBytes(offset);
          yield bytes;
        }
        if (offset < sealedBytes) throw new NetworkError('unreachable', 'the attachment broke off');
      } catch (error) {
        await attempts.pause(error, options.signal);
      } finally {
        watch.end();
      }
    }
  }

  async #send(
    source: SealedSource,
    hash: Uint8Array,
    { offset, signal, onBytes }: TransferOptions & { readonly offset: number | undefined },
  ): Promise<number | 'kept'> {
    const name = toBase64Url(hash);
    const from = offset ?? 0;
    const digest = from === 0 ? hash : await source.hash(from, signal);
    const watch = new StallWatch(this.#platform, signal);
    const over = new AbortController();
    const body = streamOf(source.read(from), over.signal, (bytes) => {
      watch.moved();
      onBytes(from + bytes);
    });
    const isNew = offset === undefined;
    const query = isNew ? `?hash=${name}&size=${source.sealedBytes}` : `?hash=${name}&offset=${from}`;
    try {
      const call = { digest, body, signal: watch.signal };
      const answer = await this.#client.transfer(isNew ? 'POST' : 'PATCH', this.#chain, `blobs${query}`, call);
      await answer.body?.cancel();
      return answer.status === 201 ? 'kept' : offsetIn(answer.headers.get(UPLOAD_OFFSET_HEADER));
    } catch (error) {
      if (error instanceof RelayProblem && error.code === 'upload-offset') return offsetIn(error.details['offset']);
      throw error;
    } finally {
      watch.end();
      over.abort();
    }
  }

  /** Whether the relay keeps it already, since an answer may be lost; or how much; undefined where it knows nothing of it. */
  async #stateOf(hash: Uint8Array, signal: AbortSignal | undefined): Promise<number | 'kept' | undefined> {
    const name = toBase64Url(hash);
    const kept = await this.#ask(`blobs/${name}`, { headers: { range: FIRST_BYTE }, signal });
    if (kept !== undefined) return 'kept';
    const begun = await this.#ask(`blobs?hash=${name}`, { signal });
    return begun === undefined ? undefined : offsetIn(begun.headers.get(UPLOAD_OFFSET_HEADER));
  }

  async #ask(path: string, options: TransferRequest): Promise<Response | undefined> {
    try {
      const answer = await this.#client.transfer('GET', this.#chain, path, options);
      await answer.body?.cancel();
      return answer;
    } catch (error) {
      if (error instanceof RelayProblem && error.status === 404) return undefined;
      throw error;
    }
  }

  async *#receive(hash: string, offset: number, watch: StallWatch): AsyncGenerator<Uint8Array, void> {
    const headers: Readonly<Record<string, string>> = offset === 0 ? {} : { range: `bytes=${offset}-` };
    const answer = await this.#client.transfer('GET', this.#chain, `blobs/${hash}`, { headers, signal: watch.signal });
    if (offset > 0 && answer.headers.get('content-range')?.startsWith(`bytes ${offset}-`) !== true) {
      throw new UntrustedError('malformed-answer', 'the relay answered another range than was asked for');
    }
    const reader = answer.body?.getReader();
    try {
      for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
        yield chunk.value;
      }
    } catch (cause) {
      throw cause instanceof Error && cause.name === 'AbortError' ? cause : brokenOff(cause);
    } finally {
      await reader?.cancel().catch(() => undefined);
    }
  }
}

function brokenOff(cause: unknown): NetworkError {
  return new NetworkError('unreachable', 'the attachment broke off', cause);
}

/** How often in a row nothing came of it, and how long to wait. */
class Attempts {
  readonly #backoff: Backoff;
  readonly #platform: Platform;
  #idle = 0;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#backoff = new Backoff(platform);
  }

  note(hasMoved: boolean): void {
    this.#idle = hasMoved ? 0 : this.#idle + 1;
    if (hasMoved) this.#backoff.reset();
    if (this.#idle >= MAX_IDLE_ATTEMPTS) throw new NetworkError('timeout', 'the transfer does not get on');
  }

  /** Waits before the next attempt, or throws what stays as it is. */
  async pause(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const atLeastMs = passingAfter(error);
    const isFull = error instanceof RelayProblem && error.code === 'too-many-transfers';
    const most = isFull || error instanceof NetworkError ? MAX_UNANSWERED_ATTEMPTS : MAX_IDLE_ATTEMPTS;
    if (atLeastMs === undefined || ++this.#idle >= most) throw error;
    await this.#platform.delay(this.#backoff.next(atLeastMs), signal);
  }
}

/** The relay's own count: a number that no attachment reaches is none. */
function offsetIn(value: unknown): number {
  const offset = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : Number.NaN;
  if (offset <= MAX_ATTACHMENT_BYTES) return offset;
  throw new UntrustedError('malformed-answer', 'the relay said no offset');
}

/**
 * One piece at a time, as fast as they are taken. Once its request is over nothing more is made: a `fetch` of Node's goes on taking
 * for a while after it has failed, and what it takes goes nowhere.
 */
function streamOf(
  pieces: AsyncGenerator<Uint8Array, void>,
  over: AbortSignal,
  taken: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await pieces.next();
        over.throwIfAborted();
        taken(bytes);
        if (next.done === true) return controller.close();
        bytes += next.value.length;
        controller.enqueue(next.value);
      },
      async cancel() {
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
}
