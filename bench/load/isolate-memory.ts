const SAMPLE_MS = 10;
const WAKE_MS = 100;

interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize?: number;
  /** Of array buffers. */
  readonly backingStorageSize?: number;
}

/** Memory of one worker's isolate, as V8's inspector tells it: without that of other workers in its process, such as local buckets. */
export class IsolateMemory {
  readonly #socket: WebSocket;
  readonly #wake: () => Promise<unknown>;
  readonly #waiting = new Map<number, (result: HeapUsage) => void>();
  #calls = 0;

  private constructor(socket: WebSocket, wake: () => Promise<unknown>) {
    this.#socket = socket;
    this.#wake = wake;
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { readonly id: number; readonly result: HeapUsage };
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  /** `wake` asks the worker for something: an idle isolate answers its inspector when it has something else to do, which can take minutes. */
  static async open(inspectorPort: number, worker: string, wake: () => Promise<unknown>): Promise<IsolateMemory> {
    const socket = new WebSocket(`ws://127.0.0.1:${inspectorPort}/core:user:${worker}`);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
    });
    return new IsolateMemory(socket, wake);
  }

  /** How much more there was at the most while it ran, in MiB, with what was not collected yet. */
  async growthMiB(run: () => Promise<unknown>): Promise<number> {
    await this.#awake(() => this.#ask('HeapProfiler.collectGarbage'));
    const before = await this.#awake(() => this.#used());
    let peak = before;
    const sample = async (): Promise<void> => {
      peak = Math.max(peak, await this.#used());
    };
    const timer = setInterval(() => void sample(), SAMPLE_MS);
    await run();
    clearInterval(timer);
    await this.#awake(sample);
    return Math.round((peak - before) / 2 ** 20);
  }

  close(): void {
    this.#socket.close();
  }

  async #awake<T>(run: () => Promise<T>): Promise<T> {
    const waking = setInterval(() => void this.#wake().catch(() => undefined), WAKE_MS);
    try {
      return await run();
    } finally {
      clearInterval(waking);
    }
  }

  async #used(): Promise<number> {
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await this.#ask('Runtime.getHeapUsage');
    return usedSize + embedderHeapUsedSize + backingStorageSize;
  }

  #ask(method: string): Promise<HeapUsage> {
    const id = ++this.#calls;
    this.#socket.send(JSON.stringify({ id, method }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}
