import {
  checkCluster,
  ErasureCode,
  err,
  foundPlacement,
  nodesFor,
  sha256,
  type ChainId,
  type CodeParameters,
  type ErasureKernel,
  type ObjectKey,
  type Placement,
} from '../../../core/index.ts';
import {
  BLOB_ID_BYTES,
  ReadTimes,
  TransferMemory,
  type Buffers,
  type ByteRange,
  type ClusterNodes,
  type ListRequest,
  type NodeResult,
  type ObjectToKeep,
  type StorageNode,
  type Timer,
} from '../../../relay/index.ts';

export const CHAIN = sha256(new Uint8Array([1])) as ChainId;

/** Bytes that differ everywhere, so that none can stand for another. */
export function someBytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.imul(i + 1 + seed * 7919, 2_654_435_761) >>> 22);
}

export function newId(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(BLOB_ID_BYTES));
}

/** A way to a real node that can be cut or slow. */
export class TestNode implements StorageNode {
  readonly node: StorageNode;
  isDead = false;
  /** Until it resolves, nothing is answered. */
  hold: Promise<void> | undefined;
  /** What was asked of it. */
  readonly calls: string[] = [];

  constructor(node: StorageNode) {
    this.node = node;
  }

  put(key: ObjectKey, object: ObjectToKeep): Promise<NodeResult<void>> {
    return this.#pass(`put ${key}`, () => this.node.put(key, object));
  }

  get(key: ObjectKey, buffers?: Buffers): Promise<NodeResult<Uint8Array>> {
    return this.#pass(`get ${key}`, () => this.node.get(key, buffers));
  }

  getRange(key: ObjectKey, range: ByteRange, buffers?: Buffers): Promise<NodeResult<Uint8Array>> {
    return this.#pass(`range ${key} ${range.offset}+${range.length}`, () => this.node.getRange(key, range, buffers));
  }

  head(key: ObjectKey): ReturnType<StorageNode['head']> {
    return this.#pass(`head ${key}`, () => this.node.head(key));
  }

  delete(key: ObjectKey): Promise<NodeResult<void>> {
    return this.#pass(`delete ${key}`, () => this.node.delete(key));
  }

  list(page: ListRequest): ReturnType<StorageNode['list']> {
    return this.#pass('list', () => this.node.list(page));
  }

  /** The keys of all that it has. */
  async keys(): Promise<string[]> {
    const listed = await this.node.list({ limit: 1_000 });
    if (!listed.ok) throw new Error(listed.error.code);
    return listed.value.objects.map(({ key }) => key);
  }

  async #pass<T>(call: string, work: () => Promise<NodeResult<T>>): Promise<NodeResult<T>> {
    this.calls.push(call);
    await this.hold;
    return this.isDead ? err({ code: 'unavailable', reason: 'network' }) : work();
  }
}

export class NodesUnderTest implements ClusterNodes {
  readonly nodes: readonly TestNode[];
  readonly placement: Placement;
  readonly readTimes = new ReadTimes();
  readonly memory = new TransferMemory();
  readonly clock = (): number => Date.now();

  readonly #kernel: ErasureKernel;

  /** `open` opens the real node of a name. */
  constructor(
    { dataShards, totalShards }: CodeParameters,
    { kernel, open }: { readonly kernel: ErasureKernel; readonly open: (name: string) => StorageNode },
  ) {
    this.#kernel = kernel;
    const named = Array.from({ length: totalShards }, (_, index) => ({ name: `n${index}`, domain: `d${index}` }));
    const checked = checkCluster({ nodes: named, dataShards, allowsSharedDomains: false });
    if (!checked.ok) throw new Error(checked.error.rule);
    this.placement = foundPlacement(checked.value);
    this.nodes = named.map(({ name }) => new TestNode(open(name)));
  }

  placementOf(number: number): Placement | undefined {
    return number === this.placement.number ? this.placement : undefined;
  }

  node(name: string): TestNode | undefined {
    return this.nodes[Number(name.slice(1))];
  }

  code(parameters: CodeParameters): ErasureCode {
    return new ErasureCode(this.#kernel, parameters);
  }

  startTimer(ms: number): Timer {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    return { over, cancel: () => timer !== undefined && clearTimeout(timer) };
  }

  /** The node that has a shard of a blob. */
  nodeOf(id: Uint8Array, shard: number): TestNode {
    return this.node(nodesFor(this.placement, id)[shard]!)!;
  }

  /** Dead are these nodes, and no others. */
  kill(indexes: readonly number[]): void {
    for (const [index, node] of this.nodes.entries()) node.isDead = indexes.includes(index);
  }
}

/** All choices of `count` of the indexes below `total`. */
export function choicesOf(total: number, count: number): number[][] {
  if (count === 0) return [[]];
  if (count > total) return [];
  const withLast = choicesOf(total - 1, count - 1).map((choice) => [...choice, total - 1]);
  return [...choicesOf(total - 1, count), ...withLast];
}
