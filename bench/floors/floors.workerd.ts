import { DurableObject } from 'cloudflare:workers';
import { createPublicKey, verify } from 'node:crypto';
import { decodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';

interface Environment {
  readonly FLOOR: DurableObjectNamespace<FloorObject>;
  readonly BUCKET: R2Bucket;
}

interface Waiting {
  readonly socket: WebSocket;
  readonly data: ArrayBuffer;
}

/** Bytes that answer an append: fewer than any receipt. */
const ANSWER_BYTES = 16;

/** A call that does nothing, and appends that are only stored: no parsing, no signatures, no tree. */
export class FloorObject extends DurableObject<Environment> {
  #queue: Waiting[] = [];
  #next: number;

  constructor(ctx: DurableObjectState, env: Environment) {
    super(ctx, env);
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS rows (idx INTEGER PRIMARY KEY, bytes BLOB NOT NULL)');
    this.#next = Number(ctx.storage.sql.exec('SELECT coalesce(max(idx) + 1, 0) AS next FROM rows').one()['next']);
  }

  empty(): void {
    // The floor of every request: reaching an object and coming back.
  }

  override fetch(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [new URL(request.url).pathname]);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, data: ArrayBuffer): void {
    if (this.#queue.length === 0) setTimeout(() => this.#flush(), 0);
    this.#queue.push({ socket, data });
  }

  /** One transaction for all that arrived in a turn, then one frame a subscriber: what group commit costs by itself. */
  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      for (const { data } of queue) sql.exec('INSERT INTO rows (idx, bytes) VALUES (?, ?)', this.#next++, data);
    });
    for (const { socket, data } of queue) socket.send(data.slice(0, ANSWER_BYTES));
    const subscribers = this.ctx.getWebSockets('/subscribe');
    if (subscribers.length === 0) return;
    const frame = joined(queue.map(({ data }) => data));
    for (const subscriber of subscribers) subscriber.send(frame);
  }
}

function joined(parts: readonly ArrayBuffer[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part), offset);
    offset += part.byteLength;
  }
  return bytes;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const object = env.FLOOR.getByName('floor');
    switch (pathname) {
      case '/empty':
        await object.empty();
        return new Response(null);
      case '/object':
        return request.method === 'PUT' ? putObject(request, env) : getObject(env);
      case '/verify':
        return verifyMany(await request.json());
      case '/hash-tree':
        return hashTree(await request.bytes());
      default:
        return object.fetch(request);
    }
  },
} satisfies ExportedHandler<Environment>;

/** What a bucket does with bytes as they come. */
async function putObject(request: Request, { BUCKET }: Environment): Promise<Response> {
  await BUCKET.put('object', request.body);
  return new Response(null);
}

async function getObject({ BUCKET }: Environment): Promise<Response> {
  const object = await BUCKET.get('object');
  return new Response(object?.body, { status: object === null ? 404 : 200 });
}

/** Base64 of a DER public key, of the signed bytes and of the signature. */
interface VerifyRun {
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  readonly count: number;
}

/** The fastest verifier of this runtime, over and over. The caller has the clock, since the one in here stands still. */
function verifyMany(run: VerifyRun): Response {
  const [der, message, signature] = [run.key, run.message, run.signature].map(fromBase64) as [Bytes, Bytes, Bytes];
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  let valid = 0;
  for (let i = 0; i < run.count; i++) if (verify(null, message, key, signature)) valid++;
  return new Response(null, { status: valid === run.count ? 200 : 500 });
}

/** Every node of a tree, hashed anew by the library that others would follow a group with. */
async function hashTree(encoded: Bytes): Promise<Response> {
  const tree = decodeRatchetTree(encoded, 0)?.[0];
  if (tree === undefined) return new Response(null, { status: 400 });
  const digest = async (data: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  const mac = (): never => {
    throw new Error('no tree hash takes a MAC');
  };
  await treeHashRoot(tree, { digest, mac, verifyMac: mac });
  return new Response(null);
}

type Bytes = Uint8Array;

function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
