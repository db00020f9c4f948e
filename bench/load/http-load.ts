import { Pool } from 'undici';

/** Kept-alive connections to one server, one request at a time on each. */
export class HttpLoad {
  readonly #pool: Pool;

  constructor(url: string, connections: number) {
    this.#pool = new Pool(url, { connections, pipelining: 1 });
  }

  /** Throws for every answer but 200. */
  async post(path: string, body: Uint8Array, contentType: string): Promise<Uint8Array> {
    const headers = { 'content-type': contentType };
    const { statusCode, body: answer } = await this.#pool.request({ path, method: 'POST', headers, body });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${Buffer.from(bytes).toString()}`);
    return bytes;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
