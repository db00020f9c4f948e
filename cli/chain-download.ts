import {
  decode,
  entryPage,
  MAX_PAGE_ENTRIES,
  parseCheckpoint,
  parseNote,
  stateAnswer,
  type Codec,
} from '../core/index.ts';
import type { Session } from '../sdk/index.ts';
import { Failure } from './failure.ts';

/** Downloads a chain as the relay tells it. Nothing of it is verified here: that is what an audit is for. */
export class ChainDownload {
  readonly #session: Session;
  readonly #path: string;
  readonly #signal: AbortSignal;
  /** The checkpoint that came with the last page; covers exactly what was downloaded once `pages` has ended. */
  checkpoint = '';
  size = 0;

  constructor(session: Session, chain: string, signal: AbortSignal) {
    this.#session = session;
    this.#path = `/v1/chains/${chain}`;
    this.#signal = signal;
  }

  /** Entries from 0 on, a page at a time, until the log as signed with the last page is whole. */
  async *pages(): AsyncGenerator<readonly Uint8Array[], void, undefined> {
    do {
      const query = `from=${this.size}&limit=${MAX_PAGE_ENTRIES}`;
      const page = await this.#get(`/entries?${query}`, entryPage);
      this.checkpoint = page.checkpoint;
      const isStuck = page.entries.length === 0 && this.size < sizeOf(page.checkpoint);
      if (isStuck)
        throw new Failure(
          'unverified',
          'entries-withheld',
          `The relay signed for more than the ${this.size} entries it gives.`,
        );
      this.size += page.entries.length;
      yield page.entries.map(({ entry }) => entry);
    } while (this.size < sizeOf(this.checkpoint));
  }

  /** The state digest that the relay claims for the downloaded log; undefined where the log has grown since, or is not shown. */
  async claimedDigest(): Promise<Uint8Array | undefined> {
    const response = await this.#session.request('GET', `${this.#path}/state`, { signal: this.#signal });
    if (!response.ok) return undefined;
    const state = decode(stateAnswer, new Uint8Array(await response.arrayBuffer()));
    if (!state.ok)
      throw new Failure('unverified', 'malformed-answer', 'The relay answered with bytes that are no state.');
    return state.value.index === this.size - 1 ? state.value.digest : undefined;
  }

  async #get<T>(path: string, codec: Codec<T>): Promise<T> {
    const response = await this.#session.request('GET', this.#path + path, { signal: this.#signal });
    if (!response.ok) throw await problemFailure(response);
    const value = decode(codec, new Uint8Array(await response.arrayBuffer()));
    if (!value.ok) throw new Failure('unverified', 'malformed-answer', `The relay's answer is ${value.error.reason}.`);
    return value.value;
  }
}

/** What the relay refused, in its own words. */
export async function problemFailure(response: Response): Promise<Failure> {
  const problem = (await response.json().catch(() => null)) as { code?: unknown; title?: unknown } | null;
  const code = typeof problem?.code === 'string' ? problem.code : `http-${response.status}`;
  const title = typeof problem?.title === 'string' ? problem.title : response.statusText;
  return new Failure('failed', code, `${code}: ${title}`);
}

/** Read from unverified text, only to know when to stop asking. */
function sizeOf(checkpoint: string): number {
  const note = parseNote(checkpoint);
  const parsed = note.ok ? parseCheckpoint(note.value.text) : note;
  if (!parsed.ok)
    throw new Failure('unverified', 'malformed-answer', 'The relay answered with text that is no checkpoint.');
  return parsed.value.size;
}
