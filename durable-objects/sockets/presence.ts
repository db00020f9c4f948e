/** Who has a socket open, by base64url key, however many each has. */
export class Presence {
  readonly #sockets = new Map<string, number>();
  #version = 0;

  /** Changes whenever somebody comes or goes. */
  get version(): number {
    return this.#version;
  }

  keys(): Iterable<string> {
    return this.#sockets.keys();
  }

  has(key: string): boolean {
    return this.#sockets.has(key);
  }

  enter(key: string): void {
    const before = this.#sockets.get(key) ?? 0;
    this.#sockets.set(key, before + 1);
    if (before === 0) this.#version += 1;
  }

  leave(key: string): void {
    const left = (this.#sockets.get(key) ?? 1) - 1;
    if (left > 0) this.#sockets.set(key, left);
    else if (this.#sockets.delete(key)) this.#version += 1;
  }
}
