import { Hono } from 'hono';
import { routePath } from 'hono/route';
import { ed25519Checker } from '../../durable-objects/index.ts';
import type { Clock } from '../http/clock.ts';
import { logIncident } from '../http/incident.ts';
import { createRequestGate } from '../http/request-gate.ts';
import { responseHeaders } from '../http/response-headers.ts';
import { docsResponse } from './docs-page.ts';
import { configurationOf, type ShardNodeEnvironment } from './environment.ts';
import { problemResponse } from './problem.ts';
import type { ShardNodeApp, ShardNodeBindings } from './shard-node-app.ts';
import { addShardRoutes } from './shards.ts';

export interface ShardNode {
  fetch(request: Request, env: ShardNodeEnvironment, context: ExecutionContext): Promise<Response>;
}

/** A storage node for other operators' relays. The only thing it takes from its surroundings besides bindings is the time. */
export function createShardNode({ clock }: { readonly clock: Clock }): ShardNode {
  const app = routedApp(clock);
  return {
    async fetch(request, env, context) {
      const { pathname } = new URL(request.url);
      if (pathname === '/healthz' || pathname === '/docs') return app.fetch(request, env, context);
      const configuration = configurationOf(env);
      if (!configuration.ok) return problemResponse({ code: 'node-not-configured', ...configuration.error });
      return app.fetch(request, env, context);
    },
  };
}

function routedApp(clock: Clock): ShardNodeApp {
  const app = new Hono<ShardNodeBindings>();
  addShardRoutes(app, { clock, gate: createRequestGate({ clock, checkSignatures: ed25519Checker() }) });
  app.get('/healthz', () => new Response('{"status":"ok"}\n', { headers: responseHeaders('application/json') }));
  app.get('/docs', () => docsResponse());
  app.notFound(() => problemResponse({ code: 'not-found' }));
  app.onError((error, c) => problemResponse(logIncident(error, { method: c.req.method, route: routePath(c) })));
  return app;
}
