import { routePath } from 'hono/route';
import { ed25519Checker, type RelayEnvironment } from '../../durable-objects/index.ts';
import { checkAddress, countsAddresses } from './address.ts';
import { addAttachmentRoutes } from './attachments.ts';
import { addChainLogRoutes } from './chain-log.ts';
import { addChainReadRoutes } from './chain-reads.ts';
import { addChainRoutes } from './chains.ts';
import type { Clock } from '../http/clock.ts';
import { addClusterRoutes } from './cluster.ts';
import { addDeviceRoutes } from './devices.ts';
import { addDocumentationRoutes } from './documentation.ts';
import { configuredIdentity } from './identity.ts';
import { reportIncident } from './incident.ts';
import { addMetricsRoute } from './metrics.ts';
import { observeAnswer } from './observe.ts';
import { problemResponse } from './problem.ts';
import { createApp, type RelayApp } from './relay-app.ts';
import { addMailboxRoutes } from './mailboxes.ts';
import { addRelayRoutes, HEALTH_PATH } from './relay-info.ts';
import { createRequestGate } from '../http/request-gate.ts';
import { preflightResponse } from '../http/response-headers.ts';
import { addRegistryRoutes } from './registry.ts';
import { RouteNames } from './route-names.ts';
import { addStreamRoutes } from './streams.ts';

export interface Relay {
  fetch(request: Request, env: RelayEnvironment, context: ExecutionContext): Promise<Response>;
}

/** The relay's HTTP side. The only thing it takes from its surroundings besides bindings is the time. */
export function createRelay({ clock }: { readonly clock: Clock }): Relay {
  const app = routedApp(clock);
  const names = new RouteNames(app);
  const fetchLimited: Relay['fetch'] = async (request, env, context) => {
    const refusal = await checkAddress(request, env);
    return refusal === undefined ? app.fetch(request, env, context) : problemResponse(refusal);
  };
  // Checked here and not in a middleware: a route with one handler is called without composing any.
  const fetchPath = (pathname: string, ...[request, env, context]: Parameters<Relay['fetch']>) => {
    if (pathname === HEALTH_PATH) return app.fetch(request, env, context);
    if (configuredIdentity(env) === undefined) return problemResponse({ code: 'relay-not-configured' });
    return countsAddresses(env) ? fetchLimited(request, env, context) : app.fetch(request, env, context);
  };
  return {
    async fetch(request, env, context) {
      if (request.method === 'OPTIONS') return preflightResponse();
      const startedAt = clock();
      const { pathname } = new URL(request.url);
      const response = await fetchPath(pathname, request, env, context);
      observeAnswer(env, response, names, { request, pathname, startedAt, now: clock() });
      return response;
    },
  };
}

function routedApp(clock: Clock): RelayApp {
  const checkSignatures = ed25519Checker();
  const services = { clock, checkSignatures, gate: createRequestGate({ clock, checkSignatures }) };
  const app = createApp();
  addChainRoutes(app, services);
  addChainReadRoutes(app, services);
  addAttachmentRoutes(app, services);
  addChainLogRoutes(app, services);
  addStreamRoutes(app, services);
  addDeviceRoutes(app, services);
  addMailboxRoutes(app, services);
  addClusterRoutes(app, services);
  addRegistryRoutes(app, services);
  addRelayRoutes(app, services);
  addMetricsRoute(app);
  addDocumentationRoutes(app);
  app.notFound(() => problemResponse({ code: 'not-found' }));
  app.onError((error, c) => problemResponse(reportIncident(error, { method: c.req.method, route: routePath(c) })));
  return app;
}
