import { WebSocket } from 'ws';
import {
  chainDownFrame,
  chainUpFrame,
  decodeTrusted,
  encode,
  entryCodec,
  type AppendAnswer,
  type LoggedEntry,
  type Submission,
} from '../../core/index.ts';
import type { LogClient } from './log-client.ts';

/** What the relay promised of an event: with it, these make the entry. */
export interface Receipt {
  readonly index: number;
  readonly relayTime: number;
  readonly prev: Uint8Array;
}

/** Requests that wait for their answers at the same time. */
const HTTP_IN_FLIGHT = 64;
/** Frames that wait for their answers on the one socket. */
const SOCKET_IN_FLIGHT = 64;
/** One event of so many goes over the socket. */
const SOCKET_SHARE = 4;

/**
 * Sends events one by one, most over HTTP and a share over a WebSocket, and notes what is acknowledged. Whatever cuts it
 * off is no failure: it leaves events of which nobody knows what became.
 */
export class AppendLoad {
  /** By the place of the event. */
  readonly receipts = new Map<number, Receipt>();
  /** What the relay showed to the socket's reader, by index. */
  readonly shown = new Map<number, LoggedEntry>();
  readonly #client: LogClient;
  readonly #submissions: readonly Submission[];
  readonly #onReceipt: (count: number) => void;

  constructor(client: LogClient, submissions: readonly Submission[], onReceipt: (count: number) => void) {
    this.#client = client;
    this.#submissions = submissions;
    this.#onReceipt = onReceipt;
  }

  /** Resolves when every event is answered or given up. */
  async run(): Promise<void> {
    const places = [...this.#submissions.keys()];
    const overSocket = places.filter((place) => place % SOCKET_SHARE === 0);
    const overHttp = places.filter((place) => place % SOCKET_SHARE !== 0).values();
    const senders = Array.from({ length: HTTP_IN_FLIGHT }, () => this.#sendOverHttp(overHttp));
    await Promise.all([...senders, this.#sendOverSocket(overSocket)]);
  }

  async #sendOverHttp(places: Iterator<number> & Iterable<number>): Promise<void> {
    for (const place of places) {
      const { relay, chain } = this.#client;
      const answer = await relay.append(chain, [this.#submissions[place]!]).catch(() => undefined);
      // Whoever gets no answer stops, so that nothing new reaches a relay that is back again.
      if (answer === undefined) return;
      this.#note(place, answer);
    }
  }

  async #sendOverSocket(places: readonly number[]): Promise<void> {
    const { relay, chain } = this.#client;
    const { ticket, share } = await relay.chainTicket(chain);
    const socket = new WebSocket(relay.chainSocketUrl(chain, share));
    let next = 0;
    let answered = 0;
    const sendMore = () => {
      for (; next < places.length && next - answered < SOCKET_IN_FLIGHT; next++) {
        const submissions = [this.#submissions[places[next]!]!];
        socket.send(encode(chainUpFrame, { kind: 'append', value: { request: next + 1, append: { submissions } } }));
      }
    };
    await new Promise<void>((resolve) => {
      socket.on('open', () => {
        socket.send(encode(chainUpFrame, { kind: 'open', value: { ticket, cursor: 0 } }));
        sendMore();
      });
      socket.on('message', (data: Buffer) => {
        const frame = decodeTrusted(chainDownFrame, new Uint8Array(data));
        if (frame.kind === 'entries') this.#noteShown(frame.value.entries);
        if (frame.kind === 'mark') socket.send(encode(chainUpFrame, { kind: 'progress', value: frame.value }));
        if (frame.kind !== 'appended') return;
        const { answers, checkpoint } = frame.value;
        for (const { request, outcomes } of answers) this.#note(places[request - 1]!, { outcomes, checkpoint });
        answered += answers.length;
        if (answered === places.length) socket.close();
        else sendMore();
      });
      // An error is followed by the end.
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
    });
  }

  #note(place: number, answer: AppendAnswer): void {
    this.receipts.set(place, receiptIn(answer, 0));
    this.#onReceipt(this.receipts.size);
  }

  #noteShown(entries: readonly LoggedEntry[]): void {
    for (const logged of entries) this.shown.set(decodeTrusted(entryCodec, logged.entry).index, logged);
  }
}

const BATCH = 100;

/** Sends the very same bytes again, in batches. Returns the receipts in the order of the events. */
export async function resend(client: LogClient, submissions: readonly Submission[]): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  for (let from = 0; from < submissions.length; from += BATCH) {
    const batch = submissions.slice(from, from + BATCH);
    const answer = await client.insist(() => client.relay.append(client.chain, batch));
    receipts.push(...batch.map((_, i) => receiptIn(answer, i)));
  }
  return receipts;
}

/** The outcome at a place, which must be a receipt: these events break no rule. */
function receiptIn({ outcomes }: AppendAnswer, place: number): Receipt {
  const outcome = outcomes[place];
  if (outcome?.kind !== 'accepted') throw new Error(`refused: ${outcome?.value.problem}`);
  return outcome.value;
}
