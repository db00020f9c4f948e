import { memoryStorage, type Storage, type StorageWrite } from '../../sdk/index.ts';
import { Mutex } from '../../sdk/mutex.ts';

/** What a person's device keeps while processes that use it come and go. */
export class Disk {
  readonly values = memoryStorage();
  readonly locks = new Mutex();

  /** Everything on it; `become` has it back. */
  async copy(): Promise<readonly StorageWrite[]> {
    const keys = await this.values.list('');
    return Promise.all(keys.map(async (key) => ({ key, value: await this.values.read(key) })));
  }

  async become(copy: readonly StorageWrite[]): Promise<void> {
    await this.keepOnly([]);
    await this.values.commit(copy);
  }

  /** Forgets everything but what the prefixes name. */
  async keepOnly(prefixes: readonly string[]): Promise<void> {
    const keys = await this.values.list('');
    const lost = keys.filter((key) => !prefixes.some((prefix) => key.startsWith(prefix)));
    await this.values.commit(lost.map((key) => ({ key, value: undefined })));
  }
}

/**
 * One process's hold of a disk. Killed, it takes no further step: what it waits for never comes, its locks are free, and
 * a write that had begun is there whole.
 */
export class ProcessStorage implements Storage {
  readonly #disk: Disk;
  readonly #life: Life;

  constructor(disk: Disk, life: Life) {
    this.#disk = disk;
    this.#life = life;
  }

  read(key: string): Promise<Uint8Array | undefined> {
    return this.#life.step(() => this.#disk.values.read(key));
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#life.step(() => this.#disk.values.list(prefix));
  }

  commit(writes: readonly StorageWrite[]): Promise<void> {
    return this.#life.step(() => this.#disk.values.commit(writes));
  }

  exclusive<T>(name: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#life.step(() => this.#disk.locks.run(name, () => this.#life.untilKilled(task), signal));
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

/** The life of a process: what it waits for when it is killed never comes. */
export class Life {
  readonly #killed: Promise<never>;
  #end: (reason: Error) => void = () => undefined;
  #isOver = false;

  constructor() {
    this.#killed = new Promise((_, reject) => (this.#end = reject));
    this.#killed.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  kill(): void {
    this.#isOver = true;
    this.#end(new Error('killed'));
  }

  /** The outcome of a step outside of the process; it neither begins nor comes back after the end. */
  step<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return;
      task().then(
        (value) => this.#isOver || resolve(value),
        (error: unknown) => this.#isOver || reject(error as Error),
      );
    });
  }

  /** For those who outlive the process: the task's outcome, or a rejection once it is killed. */
  untilKilled<T>(task: () => Promise<T>): Promise<T> {
    return this.#isOver ? this.#killed : Promise.race([task(), this.#killed]);
  }
}
