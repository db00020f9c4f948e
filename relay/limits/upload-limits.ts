import { mapKey } from '../../core/index.ts';
import type { RelayRefusal } from '../answer.ts';
import type { Limits } from './limit-table.ts';
import { Meter } from './meter.ts';
import { rateLimited } from './rate-limited.ts';

const MIB = 1_048_576;

/** How much one actor brings to one chain, and has read back there to go on. */
export class UploadLimits {
  readonly #uploaded: Meter;

  constructor(limits: Limits) {
    this.#uploaded = new Meter(limits['uploaded-mib']);
  }

  /** One that is larger than what is left is taken, and the next waits until it is paid off. */
  countUpload(actor: Uint8Array, sizeBytes: number, now: number): RelayRefusal | undefined {
    const key = mapKey(actor);
    const waitMs = this.#uploaded.waitMs(key, now);
    if (waitMs > 0) return rateLimited('uploaded-mib', waitMs);
    this.#uploaded.charge(key, now, Math.ceil(sizeBytes / MIB));
    return undefined;
  }
}
