import { DurableObject } from 'cloudflare:workers';
import { chainMigrations } from '../../migrations/index.ts';
import { JobScheduler } from '../jobs/index.ts';
import { applyMigrations } from '../migrate.ts';
import { ChainStore } from './store.ts';

/** One chain. */
export class ChainObject extends DurableObject {
  clock: () => number = Date.now;
  readonly store: ChainStore;
  readonly jobs: JobScheduler<never>;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    applyMigrations(ctx.storage, chainMigrations);
    this.store = new ChainStore(ctx.storage);
    this.jobs = new JobScheduler(ctx.storage, {}, () => this.clock());
    void ctx.blockConcurrencyWhile(() => this.jobs.recover());
  }

  override alarm(): Promise<void> {
    return this.jobs.run();
  }
}
