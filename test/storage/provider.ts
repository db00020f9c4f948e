import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { buildWorker, type WorkerBundle } from '../../workers/local.ts';
import { readWorkerOptions } from '../../workers/local/worker-modules.ts';
import { S3_CREDENTIALS } from './node-cast.ts';

export function buildShardNode(folder: string): Promise<WorkerBundle> {
  return buildWorker({ config: join(import.meta.dirname, '../../workers/shard-node/wrangler.toml'), folder });
}

export interface ProviderOptions {
  readonly folder: string;
  readonly shardNode: WorkerBundle;
  /** Keys of the relays that its shard node serves, as its operator lists them. */
  readonly relays: string;
  /** Of the bucket that its S3 store has. */
  readonly bucket: string;
}

/** A shard node and a store that speaks S3, in a workerd of their own. */
export async function startProvider({ folder, shardNode, relays, bucket }: ProviderOptions): Promise<Miniflare> {
  const worker = readWorkerOptions(shardNode);
  const buckets = worker.r2Buckets as Readonly<Record<string, string>>;
  const options = convertV4MiniflareOptions({
    ...worker,
    bindings: { ...worker.bindings, RELAYS: relays },
    r2Buckets: { ...buckets, S3: { id: bucket, s3Credentials: S3_CREDENTIALS } },
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    host: '127.0.0.1',
    port: 0,
    resourcePersistencePath: folder,
    cf: false,
    logRequests: false,
    handleStructuredLogs: () => undefined,
  });
  const miniflare = new Miniflare(options);
  await miniflare.ready;
  return miniflare;
}

/** An address that stays while what is behind it goes away and comes back. */
export class Wire {
  /** Port of who answers; undefined while nobody does. */
  target: number | undefined;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => this.#connect(socket));
  }

  static async lay(): Promise<Wire> {
    const wire = new Wire();
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.target = undefined;
    for (const socket of this.#open) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #connect(socket: Socket): void {
    const { target } = this;
    if (target === undefined) return void socket.destroy();
    const onward = createConnection({ host: '127.0.0.1', port: target });
    for (const [end, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#open.add(end);
      end.pipe(other);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        this.#open.delete(end);
        other.destroy();
      });
    }
  }
}
