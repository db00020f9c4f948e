import { DurableObject } from 'cloudflare:workers';
import { addMeasured, type Measured } from '../../relay/index.ts';
import type { RelayEnvironment } from '../platform/environment.ts';

const TOTALS = 'totals';

/** The one object that adds up what all isolates of a deployment count. Its totals are one row, written with each report. */
export class MetricsObject extends DurableObject<RelayEnvironment> {
  #totals: Measured = this.ctx.storage.kv.get<Measured>(TOTALS) ?? {};

  report(measured: Measured): void {
    this.#totals = addMeasured(this.#totals, measured);
    this.ctx.storage.kv.put(TOTALS, this.#totals);
  }

  read(): Measured {
    return this.#totals;
  }
}
