import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Fetch, Storage, StorageWrite } from '../../sdk/index.ts';

/**
 * Counts the steps by which a client touches the world, each with a name: before and after every write to its storage, and
 * every request before it is sent and before its answer is heard. At one of them the client dies.
 */
export class FaultPoints {
  /** In the order in which they were passed; the last one is where it died, if it did. */
  readonly passed: string[] = [];
  /** Every batch that was written. */
  readonly batches: (readonly StorageWrite[])[] = [];
  readonly death: Promise<'died'>;
  readonly #dieAt: number;
  readonly #onDeath: () => void;
  #isArmed = false;
  #isDead = false;
  #announce = (): void => undefined;

  constructor(dieAt: number, onDeath: () => void = () => undefined) {
    this.#dieAt = dieAt;
    this.#onDeath = onDeath;
    this.death = new Promise((resolve) => (this.#announce = () => resolve('died')));
  }

  /** From here on steps count. */
  arm(): void {
    this.#isArmed = true;
  }

  /** Never resolves for the dead: nothing of a process goes on after it was killed. */
  async pass(name: string): Promise<void> {
    if (this.#isDead) return never();
    if (!this.#isArmed) return;
    this.passed.push(name);
    if (this.passed.length - 1 !== this.#dieAt) return;
    this.#isDead = true;
    this.#onDeath();
    this.#announce();
    return never();
  }

  async live<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never();
    return call();
  }

  storage(inner: Storage): Storage {
    return {
      read: (key) => this.live(() => inner.read(key)),
      list: (prefix) => this.live(() => inner.list(prefix)),
      exclusive: (name, task, signal) => this.live(() => inner.exclusive(name, task, signal)),
      close: () => inner.close(),
      commit: async (writes) => {
        const name = kindsOf(writes).join('+');
        await this.pass(`before writing ${name}`);
        await inner.commit(writes);
        if (this.#isArmed) this.batches.push(writes);
        await this.pass(`after writing ${name}`);
      },
    };
  }

  fetch: Fetch = async (url, init) => {
    const name = `${init.method ?? 'GET'} ${routeOf(url)}`;
    await this.pass(`before ${name}`);
    const response = await fetch(url, init);
    const body = await response.arrayBuffer();
    await this.pass(`without the answer of ${name}`);
    return new Response(body.byteLength === 0 ? null : body, response);
  };
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** What kinds of records a batch holds, each once: `chain/<id>/timeline/<index>` is a `timeline`. */
export function kindsOf(writes: readonly StorageWrite[]): readonly string[] {
  const kinds = writes.map(({ key }) => {
    const [first = '', , third] = key.split('/');
    return first === 'chain' ? (third ?? '') : first;
  });
  return [...new Set(kinds)];
}

/** The route without the ids in it. */
function routeOf(url: string): string {
  const { pathname } = new URL(url);
  return pathname.replace(/\/[A-Za-z0-9_-]{43}/g, '');
}

/** A client's folder as a crash leaves it: what was written, and no lock of a process that is gone. */
export function copyStorage(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  copyFileSync(join(from, 'journal'), join(to, 'journal'));
}
