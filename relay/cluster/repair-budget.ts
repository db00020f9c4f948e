/** Bytes of repair, scrub and moves that a deployment allows itself in a second, where it says nothing else. */
const REPAIR_BYTES_PER_S = 8_388_608;
/** What may be done at once after a pause: one second's worth would have a small blob wait for nothing. */
const BURST_S = 2;

/**
 * How much repairs may read and write, for all chains of a deployment together (`CR8`). Taking is never refused: whoever took
 * more than there was waits before the next step, and so do all others.
 */
export class RepairBudget {
  readonly #bytesPerMs: number;
  #left: number;
  #at: number;

  /** Full at `now`, ms since the Unix epoch. */
  constructor(bytesPerSecond: number, now: number) {
    this.#bytesPerMs = bytesPerSecond / 1_000;
    this.#left = bytesPerSecond * BURST_S;
    this.#at = now;
  }

  /** Takes so many bytes, and says how many ms to wait before more are taken. */
  take(bytes: number, now: number): number {
    const room = this.#bytesPerMs * 1_000 * BURST_S;
    this.#left = Math.min(room, this.#left + Math.max(0, now - this.#at) * this.#bytesPerMs) - bytes;
    this.#at = now;
    return Math.max(0, Math.ceil(-this.#left / this.#bytesPerMs));
  }
}

/** `REPAIR_BYTES_PER_S` of the variables; what is no number of bytes leaves the default. */
export function configureRepairRate(variables: Readonly<Record<string, unknown>>): number {
  const value = variables['REPAIR_BYTES_PER_S'];
  return typeof value === 'string' && /^[1-9]\d{3,11}$/.test(value) ? Number(value) : REPAIR_BYTES_PER_S;
}
