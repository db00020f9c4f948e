import {
  chainDownFrame,
  chainUpFrame,
  decode,
  encode,
  MAX_REQUESTS_IN_FLIGHT,
  type AppendAnswer,
  type ChainDownFrame,
  type EntryPage,
  type Submission,
} from '../../core/index.ts';
import { NetworkError, RelayProblem, UntrustedError } from '../errors.ts';
import { untilAborted } from '../mutex.ts';
import type { Platform } from '../platform.ts';
import type { RelayClient } from '../relay-client.ts';
import { Socket } from '../socket.ts';
import { claimedSize, JOINED_ENTRIES } from './catch-up.ts';
import type { ChainFollower } from './chain-follower.ts';
import { refusalOf } from './receipt.ts';

/** An answer to an append that takes longer is asked for again over HTTP. */
const APPEND_DEADLINE_MS = 10_000;
/** Half of what a relay takes, so that answers which nobody waits for any more do no harm (`SK10`). */
const MAX_WAITING = MAX_REQUESTS_IN_FLIGHT / 2;

interface Waiting {
  readonly resolve: (answer: AppendAnswer) => void;
  readonly reject: (error: Error) => void;
}

export interface StreamContext {
  readonly client: RelayClient;
  readonly platform: Platform;
}

/** One open socket of a chain: history from the follower's position, then every flush, verified as it comes. */
export class ChainStream {
  readonly #socket: Socket;
  readonly #follower: ChainFollower;
  readonly #waiting = new Map<number, Waiting>();
  #lastRequest = 0;

  private constructor(socket: Socket, follower: ChainFollower) {
    this.#socket = socket;
    this.#follower = follower;
  }

  /** Signs for a ticket, opens the socket and shows it. Nothing is read before `run`. */
  static async open(
    { client, platform }: StreamContext,
    follower: ChainFollower,
    signal: AbortSignal,
  ): Promise<ChainStream> {
    const { ticket, share } = await client.chainTicket(follower.chain, signal);
    const socket = await Socket.open(client.chainSocketUrl(follower.chain, share), platform, signal);
    const cursor = (await follower.current())?.cursor.size ?? 0;
    socket.send(encode(chainUpFrame, { kind: 'open', value: { ticket, cursor } }));
    return new ChainStream(socket, follower);
  }

  /** Takes frames until the socket ends or the signal aborts, which it always rejects with. */
  async run(signal: AbortSignal): Promise<never> {
    let pending: EntryPage = { entries: [], checkpoint: '' };
    try {
      for (;;) {
        const frame = parseFrame(await this.#socket.next(signal));
        if (frame.kind === 'entries') {
          pending = { entries: [...pending.entries, ...frame.value.entries], checkpoint: frame.value.checkpoint };
          const isWhole = isEndOfFlush(pending) || pending.entries.length >= JOINED_ENTRIES;
          if (!isWhole) continue;
        } else {
          this.#answer(frame);
        }
        if (pending.entries.length > 0) await this.#follower.take(pending, signal);
        pending = { entries: [], checkpoint: '' };
        // Only now: everything before the mark is verified and stored, and whoever is slow at that gets no more to hold.
        if (frame.kind === 'mark') this.#socket.send(encode(chainUpFrame, { kind: 'progress', value: frame.value }));
        if (frame.kind === 'problem' && frame.value.request === 0) throw refusalOf(frame.value.problem);
      }
    } finally {
      this.close();
    }
  }

  /** Whether another append may wait for its answer here. */
  get hasRoom(): boolean {
    return this.#waiting.size < MAX_WAITING;
  }

  /** Rejects with a NetworkError where no answer came: what became of the submissions is then unknown. */
  async append(submissions: readonly Submission[], signal: AbortSignal | undefined): Promise<AppendAnswer> {
    const request = (this.#lastRequest = (this.#lastRequest + 1) >>> 0 || 1);
    const answered = new Promise<AppendAnswer>((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
    });
    // Nobody may be waiting any more when the socket ends.
    answered.catch(() => undefined);
    const deadline = AbortSignal.timeout(APPEND_DEADLINE_MS);
    try {
      this.#socket.send(encode(chainUpFrame, { kind: 'append', value: { request, append: { submissions } } }));
      return await untilAborted(answered, signal === undefined ? deadline : AbortSignal.any([signal, deadline]));
    } catch (cause) {
      if (signal?.aborted === true || !deadline.aborted) throw cause;
      throw new NetworkError('timeout', `no answer to an append in ${APPEND_DEADLINE_MS} ms`, cause);
    } finally {
      this.#waiting.delete(request);
    }
  }

  close(): void {
    this.#socket.close();
    for (const { reject } of this.#waiting.values()) {
      reject(new NetworkError('unreachable', 'the connection ended before the answer came'));
    }
    this.#waiting.clear();
  }

  #answer(frame: Exclude<ChainDownFrame, { kind: 'entries' }>): void {
    if (frame.kind === 'caughtUp' || frame.kind === 'mark') return;
    if (frame.kind === 'problem') {
      this.#waiting.get(frame.value.request)?.reject(refusalOf(frame.value.problem));
      return;
    }
    const { answers, checkpoint } = frame.value;
    for (const { request, outcomes } of answers) this.#waiting.get(request)?.resolve({ outcomes, checkpoint });
  }
}

/** Whether the checkpoint is of what the page ends with: until then more frames of the same flush are on their way. */
function isEndOfFlush({ entries, checkpoint }: EntryPage): boolean {
  const last = entries.at(-1);
  return last === undefined || indexOf(last.entry) + 1 >= claimedSize(checkpoint);
}

/** The first field of an Entry. A hint, like the checkpoint's claim: verification reads both again. */
function indexOf(entry: Uint8Array): number {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  return entry.length < 8 ? 0 : Number(view.getBigUint64(0));
}

function parseFrame(bytes: Uint8Array): ChainDownFrame {
  const frame = decode(chainDownFrame, bytes);
  if (frame.ok) return frame.value;
  throw new UntrustedError('malformed-answer', `a frame is ${frame.error.reason}`);
}

/** Whether trying again can't help: the reader was removed, or may not read at all. */
export function endsReading(error: unknown): boolean {
  return error instanceof RelayProblem && ['actor-removed', 'not-found', 'not-permitted'].includes(error.code);
}
