import { mkdtempSync, rmSync } from 'node:fs';
import {
  createServer,
  request as sendRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Miniflare } from 'miniflare';
import { publicKeyOf, toBase64Url } from '../../core/index.ts';
import { faults, RELAY_SEED, S3_BUCKET, S3_PATH, SMALL_RELAY_SEED, type Fault, type NodeServers } from './node-cast.ts';
import { buildShardNode, startProvider } from './provider.ts';

/** The shard node as it is deployed and a store that speaks S3, in a workerd of their own, and bad ways to both. */
export async function startNodeServers(): Promise<{ servers: NodeServers; stop(): Promise<void> }> {
  const scratch = mkdtempSync(join(tmpdir(), 'terachat-nodes-'));
  const miniflare = await startMiniflare(scratch);
  const s3 = new URL(await miniflare.ready);
  const peer = new URL((await miniflare.unsafeGetDirectURL()).origin);
  const proxies = await Promise.all(faults.map((fault) => startFaultyWay(fault, { s3, peer })));
  const faulty = Object.fromEntries(
    proxies.map(({ fault, origin }) => [fault, { peer: origin, s3: origin + S3_PATH }]),
  ) as NodeServers['faulty'];
  return {
    servers: { peer: peer.origin, s3: s3.origin + S3_PATH, faulty },
    stop: async () => {
      for (const { server } of proxies) {
        server.closeAllConnections();
        server.close();
      }
      await miniflare.dispose();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

async function startMiniflare(folder: string): Promise<Miniflare> {
  const shardNode = await buildShardNode(join(folder, 'worker'));
  const [relay = '', small = ''] = [RELAY_SEED, SMALL_RELAY_SEED].map((seed) => toBase64Url(publicKeyOf(seed)));
  const relays = `${relay} ${small}=1`;
  return startProvider({ folder: join(folder, 'storage'), shardNode, relays, bucket: S3_BUCKET });
}

interface Targets {
  readonly s3: URL;
  readonly peer: URL;
}

async function startFaultyWay(
  fault: Fault,
  targets: Targets,
): Promise<{ fault: Fault; server: Server; origin: string }> {
  const server = createServer((request, response) => {
    // Those who leave in the middle are what this is for.
    for (const end of [request, response]) end.on('error', () => undefined);
    answerWith(fault, targets, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { fault, server, origin: `http://127.0.0.1:${port}` };
}

function answerWith(fault: Fault, targets: Targets, request: IncomingMessage, response: ServerResponse): void {
  switch (fault) {
    case 'cut':
      return void request.socket.destroy();
    case 'silent':
      return;
    case 'failed':
      return void response.writeHead(500).end('<html>something broke</html>');
    case 'busy':
      return void response.writeHead(503, { 'retry-after': '1' }).end();
    case 'foreign':
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to the hotel</html>');
    case 'moved':
      return void response.writeHead(307, { location: `${targets.peer.origin}${request.url ?? ''}` }).end();
    case 'endless':
      return pour(request, response);
    case 'dripping':
      return drip(request, response);
    case 'truncated':
    case 'shortened':
    case 'damaged':
      return forward(targets, request, (status, headers, body) =>
        changeBody(fault, response, { status, headers, body }),
      );
  }
}

const DROP_BYTES = 65_536;
const DRIP_MS = 10;

/** As fast as it is taken, until nobody is there any more. */
function pour({ method }: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  if (method === 'HEAD') return void response.end();
  const pourOn = (): void => {
    while (!response.destroyed && response.write(new Uint8Array(DROP_BYTES)));
  };
  response.on('drain', pourOn);
  pourOn();
}

/** A byte now and then, each soon enough for whoever waits for a byte. */
function drip({ method }: IncomingMessage, response: ServerResponse): void {
  // That has no body to be slow with.
  if (method === 'HEAD') return;
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  const dripping = setInterval(() => response.write('x'), DRIP_MS);
  response.on('close', () => clearInterval(dripping));
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** `truncated` breaks off in the middle; `shortened` ends there as if that were all; `damaged` has one bit changed. */
function changeBody(
  fault: 'truncated' | 'shortened' | 'damaged',
  response: ServerResponse,
  { status, headers, body }: Answer,
): void {
  const half = body.subarray(0, Math.floor(body.length / 2));
  if (fault === 'truncated') {
    response.writeHead(status, { ...headers, 'content-length': String(body.length) });
    response.write(half, () => response.destroy());
    return;
  }
  const { 'content-length': _, 'transfer-encoding': __, ...others } = headers;
  if (fault === 'damaged' && body.length > 0) body[body.length >> 1] = (body[body.length >> 1] as number) ^ 0x10;
  response.writeHead(status, others).end(fault === 'shortened' ? half : body);
}

/** Passes a request on as it is: the host that was signed included. */
function forward(
  { s3, peer }: Targets,
  request: IncomingMessage,
  answer: (status: number, headers: Answer['headers'], body: Buffer) => void,
): void {
  const { hostname, port } = request.url?.startsWith(S3_PATH) === true ? s3 : peer;
  const { method, url: path, headers } = request;
  const onward = sendRequest({ hostname, port, method, path, headers }, (received) => {
    const chunks: Buffer[] = [];
    received.on('data', (chunk: Buffer) => chunks.push(chunk));
    received.on('end', () => answer(received.statusCode ?? 502, received.headers, Buffer.concat(chunks)));
  });
  onward.on('error', () => request.socket.destroy());
  request.pipe(onward);
}
