import { equalBytes, sha256, utf8ToBytes } from '../../core/index.ts';
import {
  clusterFaultOf,
  keeperOf,
  openedNodes,
  readMeasures,
  reportIncident,
  type RelayEnvironment,
} from '../../durable-objects/index.ts';
import {
  clusterGauges,
  configureAdmission,
  configureHotAge,
  configureLimits,
  configureOperators,
  configureRegistry,
  formatOpenMetrics,
  OPEN_METRICS_TYPE,
  type Gauge,
  type RelayRefusal,
} from '../../relay/index.ts';
import { countsAddresses } from './address.ts';
import { describeRoute } from './describe-route.ts';
import { noParameters, noQuery } from './parameters.ts';
import { problemResponse } from './problem.ts';
import type { RelayApp } from './relay-app.ts';
import { responseHeaders } from '../http/response-headers.ts';
import { VERSION } from './version.ts';

const metricsRoute = describeRoute({
  method: 'get',
  path: '/metrics',
  tag: 'The relay',
  summary: 'Counts for the operator',
  description:
    'OpenMetrics text. Asks for the token that the operator set, as a bearer token; without one there is nothing here. ' +
    'Counts of other isolates are as old as their last report, half a minute unless configured otherwise.',
  access: 'open',
  params: noParameters,
  query: noQuery,
  answer: {
    status: 200,
    description: 'OpenMetrics 1.0.',
    content: { 'application/openmetrics-text': { schema: { type: 'string' } } },
  },
  problems: ['operator-token-required', 'not-found'],
});

export function addMetricsRoute(app: RelayApp): void {
  app.openapi(metricsRoute, async (c) => {
    const refusal = checkToken(c.req.raw, c.env);
    if (refusal !== undefined) return problemResponse(refusal);
    const text = formatOpenMetrics(await readMeasures(c.env), [...gaugesOf(c.env), ...(await gaugesOfCluster(c.env))]);
    return new Response(text, { headers: responseHeaders(OPEN_METRICS_TYPE) });
  });
}

/** `OP1`: open only where the operator said so in as many words, and hidden where they said nothing. */
function checkToken(
  { headers }: Request,
  { METRICS_TOKEN = '', METRICS_OPEN }: RelayEnvironment,
): RelayRefusal | undefined {
  if (METRICS_OPEN === 'true') return undefined;
  if (METRICS_TOKEN === '') return { code: 'not-found' };
  const [, token = ''] = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  return isSameSecret(token, METRICS_TOKEN) ? undefined : { code: 'operator-token-required' };
}

/** Compares hashes: how long it takes tells of them at most, and nothing of the secret. */
function isSameSecret(a: string, b: string): boolean {
  return equalBytes(sha256(utf8ToBytes(a)), sha256(utf8ToBytes(b)));
}

function gaugesOf(env: RelayEnvironment): readonly Gauge[] {
  const variables = { ...env };
  const readers = [configureLimits, configureAdmission, configureOperators, configureHotAge, configureRegistry];
  const faults = readers.flatMap((read) => read(variables).faults);
  if (clusterFaultOf(env) !== undefined) faults.push('CLUSTER');
  return [
    {
      name: 'terachat_relay_info',
      help: 'Version and name of the relay.',
      samples: [{ labels: { version: VERSION, name: env.RELAY_NAME }, value: 1 }],
    },
    {
      name: 'terachat_counts_addresses',
      help: 'Whether requests are limited by address: 0 where no counter is bound or no edge names addresses.',
      samples: [{ labels: {}, value: countsAddresses(env) ? 1 : 0 }],
    },
    {
      name: 'terachat_ignored_variables',
      help: 'Variables whose value means nothing, so that a default stands.',
      samples: faults.map((variable) => ({ labels: { variable }, value: 1 })),
    },
  ];
}

/** A keeper that fails hides none of the other counts: its own are missing then, and an incident says why. */
async function gaugesOfCluster(env: RelayEnvironment): Promise<readonly Gauge[]> {
  if (openedNodes(env) === undefined) return [];
  try {
    const status = await keeperOf(env).glance();
    return status === undefined ? [] : clusterGauges(status);
  } catch (error) {
    reportIncident('cluster-glance', error);
    return [];
  }
}
