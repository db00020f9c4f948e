import { chainDownFrame, encode, type AppendAnswer, type Outcome } from '../../core/index.ts';

/** Outcomes after which a frame takes no further answer. A single one is always sent, whatever it holds. */
const FULL_AT_OUTCOMES = 256;

interface Answered {
  readonly request: number;
  readonly outcomes: readonly Outcome[];
}

interface Joined {
  readonly checkpoint: string;
  readonly answers: Answered[];
  outcomes: number;
}

/**
 * Joins the answers to a socket's appends that one checkpoint covers: those of one flush come out in one turn, and a frame
 * costs the relay and its client more than what it says (`SK2`).
 */
export class AnswerFrames<Socket> {
  readonly #send: (socket: Socket, frame: Uint8Array) => void;
  #waiting = new Map<Socket, Joined[]>();

  constructor(send: (socket: Socket, frame: Uint8Array) => void) {
    this.#send = send;
  }

  /** Sent once whatever else this turn settles has been added. */
  add(socket: Socket, request: number, { outcomes, checkpoint }: AppendAnswer): void {
    if (this.#waiting.size === 0) queueMicrotask(() => this.#sendAll());
    const frames = this.#waiting.get(socket) ?? [];
    this.#waiting.set(socket, frames);
    const last = frames.at(-1);
    if (last?.checkpoint === checkpoint && last.outcomes + outcomes.length <= FULL_AT_OUTCOMES) {
      last.answers.push({ request, outcomes });
      last.outcomes += outcomes.length;
    } else {
      frames.push({ checkpoint, answers: [{ request, outcomes }], outcomes: outcomes.length });
    }
  }

  #sendAll(): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [socket, frames] of waiting) {
      for (const { answers, checkpoint } of frames) {
        this.#send(socket, encode(chainDownFrame, { kind: 'appended', value: { answers, checkpoint } }));
      }
    }
  }
}
