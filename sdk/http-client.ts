import { bytesToUtf8, concatBytes, contentDigest, digestField, isProblemCode, MEDIA_TYPE } from '../core/index.ts';
import type { ActorSigner } from './actor-signer.ts';
import { NetworkError, RelayProblem, TeraChatError, UntrustedError, UsageError } from './errors.ts';
import type { Platform } from './platform.ts';
import { signRequest } from './signed-request.ts';

/** Longest wait for an answer. */
const REQUEST_DEADLINE_MS = 30_000;
/** A refusal of a younger signature is not for its age: relays take one for up to a minute (`RQ3`). */
const OLD_SIGNATURE_MS = 20_000;
/** No answer of a relay is larger; a larger one is not read to its end. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const PROBLEM_TYPE = 'application/problem+json';

/** What a request holds besides method and path. `accept` is the binary form where it is not given. */
export interface RequestOptions {
  readonly body?: Uint8Array;
  readonly accept?: string;
  /** Besides those that every request has; not signed. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** A request whose body or answer is too long to be held. */
export interface TransferRequest {
  /** SHA-256 of the body; of nothing where there is none. */
  readonly digest?: Uint8Array;
  readonly body?: ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** What must hold before a request leaves; where it rejects, the request does. */
export type Guard = (signal: AbortSignal | undefined) => Promise<void>;

/** Requests to one relay: signed where a route asks who is there, bounded in time and size, failing with typed errors. */
export class HttpClient {
  readonly #base: URL;
  readonly #platform: Platform;
  #signer: ActorSigner | undefined;
  #guard: Guard = () => Promise.resolve();

  /** Throws a TypeError unless `base` is an http or https address. */
  constructor(base: string | URL, platform: Platform) {
    this.#base = new URL(base);
    if (!/^https?:$/.test(this.#base.protocol)) throw new TypeError(`${this.#base.href} is no http address`);
    this.#platform = platform;
  }

  get url(): string {
    return this.#base.origin;
  }

  /** From here on signed requests are this actor's. */
  signAs(signer: ActorSigner): void {
    this.#signer = signer;
  }

  /** From here on everything but an introduction waits for the guard. */
  guard(guard: Guard): void {
    this.#guard = guard;
  }

  /** An unsigned question about the relay itself, which the guard is decided by. */
  async introduction(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    const options = { accept: 'application/json', signal };
    return parseJson(await this.#answerOf(await this.#fetch('GET', path, options, new Headers()), path, options));
  }

  async unsigned(method: string, path: string, options: RequestOptions): Promise<Uint8Array> {
    return this.#answer(method, path, options, new Headers(options.headers));
  }

  /** A device may have slept between signing and sending: such a request is signed once more, one of a wrong clock is not. */
  async signed(method: string, path: string, options: RequestOptions): Promise<Uint8Array> {
    const sign = (): Promise<Headers> => this.signature(method, path, options.body);
    const signedAt = this.#platform.now();
    try {
      return await this.#answer(method, path, options, await sign());
    } catch (error) {
      const isOld = this.#platform.now() - signedAt > OLD_SIGNATURE_MS;
      if (!isOld || !(error instanceof RelayProblem) || error.code !== 'signature-expired') throw error;
      return this.#answer(method, path, options, await sign());
    }
  }

  /** Rejects with `identity-missing` where nobody is there to sign. */
  async signature(method: string, path: string, body: Uint8Array = EMPTY): Promise<Headers> {
    if (this.#signer === undefined) throw new UsageError('identity-missing', 'this request is signed by an identity');
    return signRequest({ method, url: this.#urlOf(path), digest: contentDigest(body) }, this.#signer, this.#platform);
  }

  /**
   * A signed request as it streams, and the answer as it comes: both have all the time that their signal gives them. A refusal
   * rejects.
   */
  async transfer(
    method: string,
    path: string,
    { digest, body, headers: own, signal }: TransferRequest,
  ): Promise<Response> {
    if (this.#signer === undefined) throw new UsageError('identity-missing', 'this request is signed by an identity');
    await this.#guard(signal);
    signal?.throwIfAborted();
    const url = this.#urlOf(path);
    const content = digest === undefined ? contentDigest(EMPTY) : digestField(digest);
    const headers = await signRequest({ method, url, digest: content }, this.#signer, this.#platform);
    for (const [name, value] of Object.entries({ ...own, accept: `${MEDIA_TYPE}, ${PROBLEM_TYPE}` }))
      headers.set(name, value);
    if (body !== undefined) headers.set('content-type', MEDIA_TYPE);
    const streaming = body === undefined ? {} : { body, duplex: 'half' as const };
    let response: Response;
    try {
      const init = { method, headers, redirect: 'manual' as const, ...(signal && { signal }), ...streaming };
      response = await this.#platform.fetch(url, init);
    } catch (cause) {
      throw errorOf(cause, signal, url);
    }
    if (!response.ok) await this.#answerOf(response, path, { signal });
    return response;
  }

  socketUrl(path: string): string {
    return this.#urlOf(path).replace(/^http/, 'ws');
  }

  #urlOf(path: string): string {
    return new URL(path, this.#base).href;
  }

  /** The answer as it comes. Rejects only where none does. */
  async send(method: string, path: string, options: RequestOptions, headers: Headers): Promise<Response> {
    await this.#guard(options.signal);
    options.signal?.throwIfAborted();
    return this.#fetch(method, path, options, headers);
  }

  async #fetch(method: string, path: string, options: RequestOptions, headers: Headers): Promise<Response> {
    const { body, accept = MEDIA_TYPE, signal } = options;
    const url = this.#urlOf(path);
    headers.set('accept', `${accept}, ${PROBLEM_TYPE}`);
    if (body !== undefined) headers.set('content-type', MEDIA_TYPE);
    const deadline = AbortSignal.timeout(REQUEST_DEADLINE_MS);
    try {
      return await this.#platform.fetch(url, {
        method,
        headers,
        // A signature is for one address: what it says elsewhere is nobody's business.
        redirect: 'manual',
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
        ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
      });
    } catch (cause) {
      throw errorOf(cause, signal, url);
    }
  }

  async #answer(method: string, path: string, options: RequestOptions, headers: Headers): Promise<Uint8Array> {
    return this.#answerOf(await this.send(method, path, options, headers), path, options);
  }

  async #answerOf(response: Response, path: string, options: RequestOptions): Promise<Uint8Array> {
    try {
      const bytes = await readBounded(response);
      if (response.ok) return bytes;
      throw problemOf(response, bytes);
    } catch (cause) {
      throw errorOf(cause, options.signal, this.#urlOf(path));
    }
  }
}

const EMPTY = new Uint8Array(0);

async function readBounded(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
    const part = chunk.value as Uint8Array;
    length += part.length;
    if (length > MAX_ANSWER_BYTES) {
      await reader?.cancel();
      throw new UntrustedError('malformed-answer', `the answer is over ${MAX_ANSWER_BYTES} bytes`);
    }
    parts.push(part);
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts);
}

/** A refusal counts only in the relay's own form: what stands between may answer with anything. */
function problemOf(response: Response, bytes: Uint8Array): Error {
  const type = response.headers.get('content-type') ?? '';
  const json = type.startsWith(PROBLEM_TYPE) ? parseJson(bytes) : undefined;
  if (typeof json === 'object' && json !== null && 'code' in json && isProblemCode(json.code)) {
    return new RelayProblem(json.code, { ...retryAfter(response), ...json });
  }
  const message = `${response.url} answered ${response.status} without a reason that is known`;
  return new NetworkError(response.status >= 500 ? 'unreachable' : 'not-a-relay', message);
}

/** The header counts whole seconds (RFC 9110 §10.2.3); a detail of the problem says it more exactly. */
function retryAfter({ headers }: Response): { readonly retryAfterMs?: string } {
  const seconds = headers.get('retry-after');
  return seconds !== null && /^\d{1,9}$/.test(seconds) ? { retryAfterMs: `${seconds}000` } : {};
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(bytesToUtf8(bytes) ?? '');
  } catch {
    return undefined;
  }
}

/** Whose doing it was: the caller's signal, the clock, or the way there. */
function errorOf(cause: unknown, signal: AbortSignal | undefined, url: string): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (cause instanceof TeraChatError) return cause;
  const isLate = cause instanceof Error && cause.name === 'TimeoutError';
  if (isLate) return new NetworkError('timeout', `${url} gave no answer in ${REQUEST_DEADLINE_MS} ms`, cause);
  return new NetworkError('unreachable', `${url} could not be reached`, cause);
}
