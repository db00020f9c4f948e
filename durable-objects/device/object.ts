import { DurableObject } from 'cloudflare:workers';
import { deviceMigrations } from '../../migrations/index.ts';
import { JobScheduler } from '../jobs/index.ts';
import { applyMigrations } from '../migrate.ts';
import { DeviceStore } from './store.ts';

/** One actor's device. */
export class DeviceObject extends DurableObject {
  clock: () => number = Date.now;
  readonly store: DeviceStore;
  readonly jobs: JobScheduler<never>;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    applyMigrations(ctx.storage, deviceMigrations);
    this.store = new DeviceStore(ctx.storage);
    this.jobs = new JobScheduler(ctx.storage, {}, () => this.clock());
    void ctx.blockConcurrencyWhile(() => this.jobs.recover());
  }

  override alarm(): Promise<void> {
    return this.jobs.run();
  }
}
