import {
  appendAnswer,
  appendRequest,
  chainUpFrame,
  decodeTrusted,
  encode,
  entryPage,
  leafHash,
  MAX_PAGE_ENTRIES,
  MEDIA_TYPE,
  ticketAnswer,
  toBase64Url,
  type AppendAnswer,
  type ChainId,
  type EntryPage,
  type RelayInfo,
  type Submission,
} from '../../core/index.ts';
import { signRequest, type Call, type Signing } from '../workers/relay/signed-request.ts';
import type { RawSocket } from './raw-socket.ts';
import type { Seen, TestActor } from './test-actor.ts';

/** Of both kinds of stream, which open alike. */
const CAUGHT_UP = 2;

export function chainPath(chain: Uint8Array, rest: string): string {
  return `/v1/chains/${toBase64Url(chain)}/${rest}`;
}

export function devicePath({ key }: TestActor, rest: string): string {
  return `/v1/devices/${toBase64Url(key)}/${rest}`;
}

/** The way to a relay, wherever it runs. */
export interface RelayDoor {
  readonly url: string;
  fetch(request: Request): Promise<Response>;
  /** A socket on a path that has a stream, ready to be spoken to. */
  connect(path: string, headers?: Readonly<Record<string, string>>): Promise<RawSocket>;
  /** The platform's own Ed25519, many times as fast as a portable one. */
  sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
}

/** Speaks to a relay in the protocol's own terms, and believes what it says. */
export class RelayCaller {
  readonly #door: RelayDoor;

  constructor(door: RelayDoor) {
    this.#door = door;
  }

  get url(): string {
    return this.#door.url;
  }

  fetch(request: Request): Promise<Response> {
    return this.#door.fetch(request);
  }

  connect(path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawSocket> {
    return this.#door.connect(path, headers);
  }

  /** A socket that the reader has opened, and that has caught up. */
  async subscribe(reader: TestActor, path: string): Promise<RawSocket> {
    const ticket = await this.ticket(reader, path);
    const socket = await this.connect(path);
    socket.send(encode(chainUpFrame, { kind: 'open', value: { ticket, cursor: 0 } }));
    if ((await socket.until(([kind]) => kind === CAUGHT_UP)) === undefined) throw new Error('the socket did not open');
    return socket;
  }

  /** A request that is not signed: what its body holds is. */
  request({ method = 'GET', path, body, headers = {} }: Call): Request {
    const type = body === undefined ? {} : { 'content-type': MEDIA_TYPE };
    return new Request(`${this.url}${path}`, { method, headers: { ...type, ...headers }, ...(body && { body }) });
  }

  post(path: string, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Request {
    return this.request({ method: 'POST', path, body, headers });
  }

  signed({ seed, key }: TestActor, call: Call, signing: Signing = {}): Request {
    const parameters = { keyid: toBase64Url(key), ...signing.parameters };
    const sign = (message: Uint8Array) => this.#door.sign(signing.seed ?? seed, message);
    return signRequest({ ...call, origin: this.url }, Date.now(), { seed, sign, ...signing, parameters });
  }

  async info(): Promise<RelayInfo> {
    return (await (await this.fetch(this.request({ path: '/v1/relay' }))).json()) as RelayInfo;
  }

  /** The bytes of an answer that must be one. */
  async bytes(request: Request): Promise<Uint8Array> {
    const response = await this.fetch(request);
    if (!response.ok) throw new Error(`${request.method} ${request.url} answered ${await response.text()}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  async append(chain: ChainId, ...submissions: Submission[]): Promise<AppendAnswer> {
    const body = encode(appendRequest, { submissions });
    const answer = decodeTrusted(appendAnswer, await this.bytes(this.post(chainPath(chain, 'events'), body)));
    const refused = answer.outcomes.find(({ kind }) => kind === 'refused');
    if (refused !== undefined) throw new Error(`an event was refused: ${JSON.stringify(refused)}`);
    return answer;
  }

  async page(reader: TestActor, chain: ChainId, from = 0): Promise<EntryPage> {
    const path = chainPath(chain, `entries?from=${from}&limit=${MAX_PAGE_ENTRIES}`);
    return decodeTrusted(entryPage, await this.bytes(this.signed(reader, { path })));
  }

  /** An entry as a reader sees it, the newest by default. */
  async head(reader: TestActor, chain: ChainId, at = Infinity): Promise<Seen> {
    let seen: Seen = { index: -1, hash: new Uint8Array(32) };
    for (;;) {
      const { entries, checkpoint } = await this.page(reader, chain, seen.index + 1);
      for (const { entry } of entries) {
        seen = { index: seen.index + 1, hash: leafHash(entry) };
        if (seen.index === at) return seen;
      }
      if (seen.index + 1 >= Number(checkpoint.split('\n')[1])) return seen;
    }
  }

  /** A ticket for the stream on this path. */
  async ticket(actor: TestActor, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
    const request = this.signed(actor, { method: 'POST', path });
    for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
    return decodeTrusted(ticketAnswer, await this.bytes(request)).ticket;
  }
}
