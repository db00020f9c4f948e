import { MAX_MODULE_POST_BYTES, moduleSubmission } from '../../core/index.ts';
import { configureRegistry } from '../../relay/index.ts';
import type { RelayEnvironment } from '../../durable-objects/index.ts';
import { addressOf } from './address.ts';
import { answerResponse } from './answer-response.ts';
import { appendResponse } from './append-response.ts';
import { contentOf, describeRoute } from './describe-route.ts';
import { OF_EVENTS, OF_STATEMENTS } from './event-problems.ts';
import { chainObject } from './objects.ts';
import { bytesOfName, moduleParameters, noParameters, noQuery } from './parameters.ts';
import { structureOf } from './presentation.ts';
import { APPEND_ANSWER, MODULE, MODULE_LIST, REGISTRY } from './presentations.ts';
import { problemResponse } from './problem.ts';
import type { RelayApp, Services } from './relay-app.ts';

const TAG = 'Registry';

const registryRoute = describeRoute({
  method: 'get',
  path: '/v1/registry',
  tag: TAG,
  summary: 'Read the registry',
  description:
    'The chain that this relay has pinned as its registry, and its state: the root in force, modules, revocations. Its log is ' +
    'public, and gives whoever replays it the same bytes.',
  access: 'open',
  params: noParameters,
  query: noQuery,
  answer: { status: 200, description: 'Chain id and state.', content: contentOf(REGISTRY) },
  problems: ['no-registry', 'not-found', 'unavailable'],
});

const listRoute = describeRoute({
  method: 'get',
  path: '/v1/modules',
  tag: TAG,
  summary: 'List the modules',
  description: 'The manifest of each module that was ever published, and where it was taken back.',
  access: 'open',
  params: noParameters,
  query: noQuery,
  answer: { status: 200, description: 'In the order of the log.', content: contentOf(MODULE_LIST) },
  problems: ['no-registry', 'not-found', 'unavailable'],
});

const publishRoute = describeRoute({
  method: 'post',
  path: '/v1/modules',
  tag: TAG,
  summary: 'Publish a module',
  description:
    'A registry.module-published event for the registry of this relay, with the module. They are stored together, for ever, or ' +
    'not at all. The same bytes again get their first receipt.',
  access: 'event',
  params: noParameters,
  query: noQuery,
  body: { structure: structureOf(moduleSubmission.notation), limitBytes: MAX_MODULE_POST_BYTES },
  answer: { status: 200, description: 'The receipt of the publication.', content: contentOf(APPEND_ANSWER) },
  problems: [
    ...OF_EVENTS,
    ...OF_STATEMENTS,
    'no-registry',
    'invalid-module-manifest',
    'unsupported-module-abi',
    'module-too-large',
    'module-revoked',
    'module-already-published',
    'module-version-not-rising',
    'wrong-previous-version',
    'module-not-yet-valid',
    'module-expired',
    'module-refused',
    'payload-mismatch',
  ],
});

const moduleRoute = describeRoute({
  method: 'get',
  path: '/v1/modules/{hash}',
  tag: TAG,
  summary: 'Read a module',
  description:
    'The bytes of a module by their SHA-256. Also of one that was revoked: whoever replays an old log needs it.',
  access: 'open',
  params: moduleParameters,
  query: noQuery,
  answer: { status: 200, description: 'The bytes whose SHA-256 is the hash.', content: contentOf(MODULE) },
  problems: ['no-registry', 'not-found', 'unavailable'],
});

/** What the registry says that this deployment has pinned (`AR15`). Nobody is asked who they are: it is public. */
export function addRegistryRoutes(app: RelayApp, { gate }: Services): void {
  app.openapi(registryRoute, (c) =>
    askRegistry(c.env, async (registry) => answerResponse(c.req.raw, await registry.registry(), REGISTRY)),
  );

  app.openapi(listRoute, (c) =>
    askRegistry(c.env, async (registry) => answerResponse(c.req.raw, await registry.modules(), MODULE_LIST)),
  );

  app.openapi(publishRoute, async (c) => {
    const body = await gate.admitBody(c.req.raw, MAX_MODULE_POST_BYTES);
    if (!body.ok) return problemResponse(body.error);
    return askRegistry(c.env, async (registry) =>
      appendResponse(c.req.raw, await registry.publish(body.value, addressOf(c.req.raw, c.env))),
    );
  });

  app.openapi(moduleRoute, (c) => {
    const hash = bytesOfName(c.req.valid('param').hash);
    return askRegistry(c.env, async (registry) => answerResponse(c.req.raw, await registry.module(hash), MODULE));
  });
}

async function askRegistry(
  env: RelayEnvironment,
  ask: (registry: ReturnType<typeof chainObject>) => Promise<Response>,
): Promise<Response> {
  const { registry } = configureRegistry({ ...env });
  return registry === undefined ? problemResponse({ code: 'no-registry' }) : ask(chainObject(env, registry));
}
