import { ForkError, StorageError, TeraChatError, UntrustedError } from '../errors.ts';
import { keepConnected } from '../reconnect.ts';
import type { ChainFollower } from './chain-follower.ts';
import { ChainStream, endsReading, type StreamContext } from './chain-stream.ts';
import type { Submit } from './chain-writer.ts';

/** Answers in a row that may fail verification before whoever follows is told: one may have been damaged on its way. */
const MAX_UNTRUSTED = 3;

interface LiveListeners {
  /**
   * Called whenever the relay was reached and everything new comes by itself from then on, and when that ended or could not be
   * had, though it will be tried again: then with why, where the SDK knows.
   */
  readonly onConnection: (isOpen: boolean, cause: TeraChatError | undefined) => void;
  /** Called with each connection; the signal aborts when that ends, for whatever reason. */
  readonly whileOpen: (signal: AbortSignal) => void;
}

/**
 * Keeps a chain followed live while anyone asks for it: one socket for all, opened for the first and closed after the
 * last, opened again when it breaks. What came meanwhile is read first.
 */
export class LiveChain {
  readonly #context: StreamContext;
  readonly #follower: ChainFollower;
  #users = 0;
  #stop: AbortController | undefined;
  #stream: ChainStream | undefined;
  #failure: unknown;
  readonly #listeners = new Set<() => void>();
  readonly #told: LiveListeners;

  constructor(context: StreamContext, follower: ChainFollower, told: LiveListeners) {
    this.#context = context;
    this.#follower = follower;
    this.#told = told;
  }

  /** Why following ended for good; undefined while it goes on. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Whether everything new comes by itself. */
  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  /** Follows until the returned function is called. `onEnd` is called when following ended for good. */
  follow(onEnd: () => void): () => void {
    this.#listeners.add(onEnd);
    this.#users += 1;
    if (this.#stop === undefined) this.#start();
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#listeners.delete(onEnd);
      this.#users -= 1;
      if (this.#users === 0) this.close();
    };
  }

  /** Over the socket where one is open, which saves a connection and its headers; else as `otherwise` does. */
  submitter(otherwise: Submit): Submit {
    return (submissions, signal) => {
      const stream = this.#stream?.hasRoom === true ? this.#stream : undefined;
      return stream?.append(submissions, signal) ?? otherwise(submissions, signal);
    };
  }

  close(): void {
    this.#stop?.abort(new DOMException('following ended', 'AbortError'));
    this.#stop = undefined;
  }

  #start(): void {
    const stop = new AbortController();
    this.#stop = stop;
    this.#failure = undefined;
    void this.#keepFollowing(stop.signal);
  }

  async #keepFollowing(signal: AbortSignal): Promise<void> {
    let untrusted = 0;
    const isFinal = (error: unknown): boolean => {
      untrusted += error instanceof UntrustedError ? 1 : 0;
      return untrusted === MAX_UNTRUSTED || endsFollowing(error);
    };
    const { platform } = this.#context;
    const failure = await keepConnected(
      (onGood) =>
        this.#followOnce(signal, () => {
          untrusted = 0;
          onGood();
        }),
      { platform, signal, isFinal },
    );
    if (failure !== undefined) this.#end(failure);
  }

  /** What came while nobody followed is read first, so that the socket has little to catch up. */
  async #followOnce(signal: AbortSignal, onGood: () => void): Promise<void> {
    const ended = new AbortController();
    let cause: unknown;
    try {
      await this.#follower.catchUp(signal);
      const stream = await ChainStream.open(this.#context, this.#follower, signal);
      onGood();
      this.#stream = stream;
      this.#told.onConnection(true, undefined);
      this.#told.whileOpen(ended.signal);
      await stream.run(signal);
    } catch (error) {
      cause = error;
      throw error;
    } finally {
      this.#stream = undefined;
      ended.abort(new DOMException('the connection ended', 'AbortError'));
      if (!signal.aborted) this.#told.onConnection(false, cause instanceof TeraChatError ? cause : undefined);
    }
  }

  #end(failure: unknown): void {
    this.#failure = failure;
    for (const listener of this.#listeners) listener();
  }
}

/** A fork, a removal and a broken storage stay; everything else may be over the next time. */
function endsFollowing(error: unknown): boolean {
  return error instanceof ForkError || error instanceof StorageError || endsReading(error);
}
