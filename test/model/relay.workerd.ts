import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { toHex } from '../../core/index.ts';
import type { RelayEnvironment } from '../../durable-objects/index.ts';
import type { WebSocketEvent, WebSocketLike } from '../../sdk/index.ts';
import { ed25519Checker, ed25519Signer } from '../../durable-objects/platform/ed25519.ts';
import { actorOfSeed, type ActorSigner } from '../../sdk/actor-signer.ts';
import type { ModelRelay, RelayObject } from './model-relay.ts';
import { putBack, storedIn, type Stored } from './stored.workerd.ts';

/** The worker that wrangler.toml names, with its real objects and their SQLite, in this very isolate. */
const worker = (exports as unknown as { default: Fetcher }).default;
const machineClock = Date.now.bind(Date);

/** Takes the place of the platform's clock and of its log for the whole file. */
export function relayInIsolate(): ModelRelay {
  const check = ed25519Checker();
  const requests = new Requests();
  let incidents: string[] = [];
  console.error = (...words: unknown[]) => incidents.push(words.map(String).join(' '));
  return {
    url: 'http://relay.example',
    wire: {
      fetch: (url, init) => requests.send(new Request(url, init)),
      webSocket: IsolateSocket,
    },
    platform: {
      verifyBatch: (jobs) => [...check(jobs)],
      makeSigner: signersBySeed(),
    },
    check,
    incidents: () => {
      const noted = incidents;
      incidents = [];
      return noted;
    },
    kill: async (object) => {
      const killing = runInDurableObject(stubOf(object), (_, state) => state.abort('killed by the model'));
      await killing.catch(() => undefined);
    },
    evict,
    remember: async (objects) => {
      await requests.ended();
      const memories: (readonly [RelayObject, Stored])[] = [];
      // A chain before those that it delivers to: what is on its way comes twice then, and not never.
      for (const object of objects) memories.push([object, await inObject(object, storedIn)]);
      return async () => {
        await requests.ended();
        for (const [object, stored] of memories) {
          await inObject(object, (storage) => putBack(storage, stored));
          await evict(object);
        }
      };
    },
    runJobs: (object) => runDurableObjectAlarm(stubOf(object)).then(() => undefined),
    // Everything here shares one `Date`. Clients are given a clock of their own.
    setClock: (offsetMs) => {
      Date.now = () => machineClock() + offsetMs;
    },
  };
}

/** A run starts its people many times, with the same keys each time. */
function signersBySeed(): (seed: Uint8Array) => ActorSigner {
  const signers = new Map<string, ActorSigner>();
  return (seed) => {
    const name = toHex(seed);
    const signer = signers.get(name) ?? { actor: actorOfSeed(seed), sign: ed25519Signer(seed) };
    signers.set(name, signer);
    return signer;
  };
}

/** Requests to the worker, also of those who no longer wait for an answer. */
class Requests {
  readonly #underWay = new Set<Promise<void>>();

  send(request: Request): Promise<Response> {
    const answer = worker.fetch(withAddress(request));
    const ended: Promise<void> = answer.then(
      () => void this.#underWay.delete(ended),
      () => void this.#underWay.delete(ended),
    );
    this.#underWay.add(ended);
    return answer;
  }

  async ended(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }
}

let asked = 0;

/** People move about: how fast one address may ask has tests of its own. */
function withAddress(request: Request): Request {
  const network = Math.floor(asked++ / 100);
  request.headers.set('cf-connecting-ip', `10.${(network >> 16) & 255}.${(network >> 8) & 255}.${network & 255}`);
  return request;
}

function stubOf({ kind, name }: RelayObject): DurableObjectStub {
  const { CHAIN, DEVICE } = env as unknown as RelayEnvironment;
  return kind === 'chain' ? CHAIN.getByName(name) : DEVICE.getByName(name);
}

/** Nothing to do where the object is out of memory already. */
function evict(object: RelayObject): Promise<void> {
  return evictDurableObject(stubOf(object)).catch(() => undefined);
}

function inObject<T>(object: RelayObject, act: (storage: DurableObjectStorage) => Promise<T>): Promise<T> {
  return runInDurableObject(stubOf(object), (_, { storage }) => act(storage));
}

/** A socket to the worker: it has no address that the platform's own WebSocket could open. */
class IsolateSocket implements WebSocketLike {
  binaryType = 'arraybuffer';
  #socket: WebSocket | undefined;
  #isClosed = false;
  readonly #listeners: { readonly type: string; readonly listener: (event: WebSocketEvent) => void }[] = [];

  constructor(url: string) {
    void this.#open(url.replace(/^ws/, 'http')).catch(() => this.#dispatch('error', {}));
  }

  addEventListener(type: string, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.push({ type, listener });
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#isClosed = true;
    this.#socket?.close(code, reason);
  }

  async #open(url: string): Promise<void> {
    const { webSocket } = await worker.fetch(withAddress(new Request(url, { headers: { upgrade: 'websocket' } })));
    if (webSocket === null) return this.#dispatch('error', {});
    webSocket.binaryType = 'arraybuffer';
    webSocket.addEventListener('message', ({ data }) => this.#dispatch('message', { data }));
    webSocket.addEventListener('close', ({ code, reason }) => this.#dispatch('close', { code, reason }));
    webSocket.addEventListener('error', () => this.#dispatch('error', {}));
    webSocket.accept();
    this.#socket = webSocket;
    if (this.#isClosed) webSocket.close(1000);
    else this.#dispatch('open', {});
  }

  #dispatch(type: string, event: WebSocketEvent): void {
    for (const one of [...this.#listeners]) if (one.type === type) one.listener(event);
  }
}
