import { z } from '@hono/zod-openapi';
import { MAX_NODE_NAME_BYTES, toBase64Url, type ClusterStatus, type Result } from '../../core/index.ts';
import { clusterFaultOf, keeperOf, openedNodes, type RelayEnvironment } from '../../durable-objects/index.ts';
import { configureOperators, type Caller, type RelayRefusal } from '../../relay/index.ts';
import { jsonResponse } from './answer-response.ts';
import { describeRoute } from './describe-route.ts';
import { noParameters, noQuery } from './parameters.ts';
import { problemResponse } from './problem.ts';
import type { RelayApp, Services } from './relay-app.ts';

const TAG = 'The cluster';
const NUMBER = { type: 'integer' };
const NUMBER_OR_NULL = { type: ['integer', 'null'] };
const TEXT = { type: 'string' };
const TEXT_OR_NULL = { type: ['string', 'null'] };

/** Visible ASCII (`SC3`). */
const nodeName = z
  .string()
  .regex(/^[\x21-\x7e]+$/)
  .max(MAX_NODE_NAME_BYTES);

const NODE = objectOf({
  name: TEXT,
  kind: TEXT_OR_NULL,
  domain: TEXT_OR_NULL,
  state: { enum: ['active', 'draining', 'drained', 'spare'] },
  health: { enum: ['up', 'losing', 'down', 'unconfigured'] },
  fault: TEXT_OR_NULL,
  shards: NUMBER,
  missing: NUMBER,
});

const STATUS = objectOf({
  placement: NUMBER,
  dataShards: NUMBER,
  totalShards: NUMBER,
  faultsBorne: NUMBER,
  fragileDomains: { type: 'array', items: TEXT },
  nodes: { type: 'array', items: NODE },
  blobs: objectOf({
    chains: NUMBER,
    blobs: NUMBER,
    bytes: NUMBER,
    degraded: NUMBER,
    belowQuorum: NUMBER,
    lost: NUMBER,
    inconsistent: NUMBER,
    margin: NUMBER_OR_NULL,
    repaired: NUMBER,
    scrubbedBytes: NUMBER,
    leftovers: NUMBER,
  }),
  backlog: NUMBER,
  toMove: NUMBER,
  lossMargin: NUMBER,
  scrub: objectOf({
    round: NUMBER,
    startedAt: NUMBER,
    finishedAt: NUMBER_OR_NULL,
    chainsBehind: NUMBER,
    chainsSilent: NUMBER,
    silent: { type: 'array', items: objectOf({ chain: TEXT, since: NUMBER }) },
  }),
  orphans: NUMBER,
  repairBytesPerSecond: NUMBER,
});

const ANSWER = {
  status: 200,
  description: 'The cluster as it is. JSON only; times in ms since the Unix epoch.',
  content: { 'application/json': { schema: STATUS } },
};
const OF_OPERATORS = { tag: TAG, access: 'actor', answer: ANSWER } as const;

const statusRoute = describeRoute({
  ...OF_OPERATORS,
  method: 'get',
  path: '/v1/cluster',
  summary: 'How the storage nodes are',
  description:
    'For the operators that OPERATORS lists. Each node is asked as this is answered; numbers of blobs and shards are what chains ' +
    'last reported.',
  params: noParameters,
  query: noQuery,
  problems: ['operator-required', 'no-cluster'],
});

const scrubRoute = describeRoute({
  ...OF_OPERATORS,
  method: 'post',
  path: '/v1/cluster/scrub',
  summary: 'Read every shard now',
  description:
    'Begins a round: every chain reads all bytes of its shards, repairs what is missing or damaged, and every node is searched for ' +
    'objects that no chain knows. Rounds begin by themselves a week after the last.',
  params: noParameters,
  query: noQuery,
  problems: ['operator-required', 'no-cluster'],
});

const replaceRoute = describeRoute({
  ...OF_OPERATORS,
  method: 'patch',
  path: '/v1/cluster/nodes/{node}',
  summary: 'Drain a node',
  description:
    'A spare takes the place of the node: the one that is named, or the first that keeps the rules. New blobs go there at once; those ' +
    'that the node has are copied, read back and switched, and deleted where they were. It can be taken away once it is drained.',
  params: z.object({ node: nodeName.openapi({ param: { name: 'node', in: 'path' }, example: 'node-2' }) }),
  query: z.strictObject({
    state: z
      .literal('draining')
      .openapi({ param: { name: 'state', in: 'query' }, description: 'The only change there is.', example: 'draining' })
      .optional(),
    replacement: nodeName.openapi({ param: { name: 'replacement', in: 'query' }, example: 'node-6' }).optional(),
  }),
  problems: ['operator-required', 'no-cluster', 'no-such-node', 'no-spare-node'],
});

/** What operators do with the cluster (`CR10`). */
export function addClusterRoutes(app: RelayApp, services: Services): void {
  app.openapi(statusRoute, (c) =>
    callAsOperator(services, c.req.raw, c.env, (caller) => keeperOf(c.env).status(caller)),
  );
  app.openapi(scrubRoute, (c) => callAsOperator(services, c.req.raw, c.env, (caller) => keeperOf(c.env).scrub(caller)));
  app.openapi(replaceRoute, (c) => {
    const { node } = c.req.valid('param');
    const { replacement } = c.req.valid('query');
    return callAsOperator(services, c.req.raw, c.env, (caller) => keeperOf(c.env).replace(caller, node, replacement));
  });
}

async function callAsOperator(
  { gate }: Services,
  request: Request,
  env: RelayEnvironment,
  ask: (caller: Caller) => Promise<Result<ClusterStatus, RelayRefusal>>,
): Promise<Response> {
  const { operators } = configureOperators({ ...env });
  const signed = await gate.admitSigned(request, 0, ({ actor }) =>
    operators.has(toBase64Url(actor)) ? undefined : { code: 'operator-required' },
  );
  if (!signed.ok) return problemResponse(signed.error);
  if (openedNodes(env) === undefined) {
    const fault = clusterFaultOf(env);
    return problemResponse({ code: 'no-cluster', ...(fault !== undefined && { fault }) });
  }
  const answer = await ask(signed.value.caller);
  return answer.ok ? jsonResponse(answer.value) : problemResponse(answer.error);
}

function objectOf(properties: Readonly<Record<string, unknown>>) {
  return { type: 'object', required: Object.keys(properties), properties };
}
