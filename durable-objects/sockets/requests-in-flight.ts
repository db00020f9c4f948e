import { MAX_BYTES_IN_FLIGHT, MAX_REQUESTS_IN_FLIGHT } from '../../core/index.ts';

/** Requests of one socket that are not answered yet: it holds no more of the object than this, however fast it asks (`SK10`). */
export class RequestsInFlight {
  #count = 0;
  #bytes = 0;

  hasRoomFor(bytes: number): boolean {
    return this.#count < MAX_REQUESTS_IN_FLIGHT && this.#bytes + bytes <= MAX_BYTES_IN_FLIGHT;
  }

  /** Counts a request of so many bytes until `answer` settles. */
  async during(bytes: number, answer: () => void | Promise<void>): Promise<void> {
    this.#count += 1;
    this.#bytes += bytes;
    try {
      await answer();
    } finally {
      this.#count -= 1;
      this.#bytes -= bytes;
    }
  }
}
