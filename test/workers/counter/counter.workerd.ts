import { DurableObject } from 'cloudflare:workers';
import table from './table.sql';

interface Environment {
  readonly COUNTER: DurableObjectNamespace<CounterObject>;
  readonly RELAY_NAME: string;
  readonly RELAY_CHECKPOINT_KEY: string;
  readonly GREETING: string;
}

export class CounterObject extends DurableObject<Environment> {
  constructor(ctx: DurableObjectState, env: Environment) {
    super(ctx, env);
    ctx.storage.sql.exec(table);
  }

  /** Counts one on POST; answers how many there are. */
  override fetch(request: Request): Response {
    const { sql } = this.ctx.storage;
    if (request.method === 'POST') sql.exec('INSERT INTO counted DEFAULT VALUES');
    const { count } = sql.exec<{ count: number }>('SELECT count(*) AS count FROM counted').one();
    return new Response(String(count));
  }
}

export default {
  fetch(request, { COUNTER, ...variables }) {
    const { pathname } = new URL(request.url);
    if (pathname === '/variables') return Response.json(variables);
    if (pathname === '/log') console.log('a line of the worker');
    return COUNTER.getByName('only').fetch(request);
  },
} satisfies ExportedHandler<Environment>;
