import { env } from 'cloudflare:workers';
import { nodesFor, toBase64Url, type ChainId, type ObjectKey } from '../../../core/index.ts';
import { openedNodes, type RelayEnvironment } from '../../../durable-objects/index.ts';
import type { ClusterNodes, StorageNode } from '../../../relay/index.ts';

type Call = 'put' | 'get' | 'getRange' | 'head' | 'delete' | 'list';

const AWAY = { ok: false, error: { code: 'unavailable', reason: 'network' } } as const;

/**
 * The nodes of wrangler.toml, which are real buckets, with ways to them that a test closes. It counts what is asked of them, and
 * at one of these steps whoever asks dies: nothing that it waits for ever comes, and nothing of it reaches a node any more.
 */
export class TestCluster {
  readonly names: readonly string[];
  /** Nodes that can't be reached. */
  readonly away = new Set<string>();
  /** What was asked, in order: `put node-3`. */
  readonly asked: string[] = [];
  /** Steps that were passed: before each call has an effect, and before its answer is heard. */
  readonly passed: string[] = [];
  /** Calls that wait until this is `undefined` again. */
  held: 'put' | 'get' | undefined;
  #dieAt = Infinity;
  #isDead = false;
  readonly #cluster: ClusterNodes;

  constructor() {
    const nodes = openedNodes(env as unknown as RelayEnvironment);
    if (nodes === undefined) throw new Error('wrangler.toml names no cluster');
    this.#cluster = nodes.clusterWith();
    this.names = nodes.configuration.nodes.map(({ name }) => name);
  }

  readonly open = async (): Promise<ClusterNodes> => {
    const nodes = new Map(this.names.map((name) => [name, this.#wayTo(name)]));
    return { ...this.#cluster, node: (name) => nodes.get(name) };
  };

  /** The caller dies at its `step`th step from here on. */
  dieAt(step: number): void {
    this.passed.length = 0;
    this.#dieAt = step;
    this.#isDead = false;
  }

  /** Resolves when the caller has died. Looks, since a promise that an object settles would go on inside of that object. */
  async death(): Promise<void> {
    while (!this.#isDead) await scheduler.wait(1);
  }

  /** Somebody else asks from here on. */
  revive(): void {
    this.#dieAt = Infinity;
    this.#isDead = false;
  }

  count(call: Call): number {
    return this.asked.filter((one) => one.startsWith(`${call} `)).length;
  }

  /** The node that has a shard of a blob, as nothing stands before it. */
  nodeOf(id: Uint8Array, shard: number): { readonly node: StorageNode } {
    return { node: this.#cluster.node(nodesFor(this.#cluster.placement, id)[shard] as string) as StorageNode };
  }

  /** Every object of a chain, wherever it is: `node-3 c/…`. */
  async objectsOf(chain: ChainId): Promise<string[]> {
    const prefix = `c/${toBase64Url(chain)}/`;
    const lists = this.names.map(async (name) => {
      const page = await (this.#cluster.node(name) as StorageNode).list({ limit: 1_000 });
      if (!page.ok) throw new Error(page.error.code);
      return page.value.objects.filter(({ key }) => key.startsWith(prefix)).map(({ key }) => `${name} ${key}`);
    });
    return (await Promise.all(lists)).flat();
  }

  #wayTo(name: string): StorageNode {
    const node = this.#cluster.node(name) as StorageNode;
    const pass = <T>(call: Call, work: () => Promise<T>): Promise<T> => this.#pass(call, name, work);
    return {
      put: (key, object) => pass('put', () => node.put(key, object)),
      get: (key) => pass('get', () => node.get(key)),
      getRange: (key, range) => pass('getRange', () => node.getRange(key, range)),
      head: (key: ObjectKey) => pass('head', () => node.head(key)),
      delete: (key) => pass('delete', () => node.delete(key)),
      list: (page) => pass('list', () => node.list(page)),
    };
  }

  async #pass<T>(call: Call, name: string, work: () => Promise<T>): Promise<T> {
    await this.#step(`before ${call} ${name}`);
    this.asked.push(`${call} ${name}`);
    while (this.held !== undefined && call.startsWith(this.held)) await scheduler.wait(1);
    const answer = this.away.has(name) ? (AWAY as T) : await work();
    await this.#step(`after ${call} ${name}`);
    return answer;
  }

  async #step(name: string): Promise<void> {
    if (!this.#isDead) this.passed.push(name);
    if (this.passed.length > this.#dieAt) this.#isDead = true;
    if (this.#isDead) await new Promise<never>(() => undefined);
  }
}
