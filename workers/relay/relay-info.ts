import { toBase64Url, type RelayInfo } from '../../core/index.ts';
import { describePolicies } from '../../durable-objects/index.ts';
import { configureAdmission } from '../../relay/index.ts';
import { jsonResponse } from './answer-response.ts';
import { describeRoute } from './describe-route.ts';
import { relayIdentity } from './identity.ts';
import { noParameters, noQuery } from './parameters.ts';
import type { RelayApp, Services } from './relay-app.ts';
import { VERSION } from './version.ts';

const TAG = 'The relay';
const TEXT = { type: 'string' };
const PROPOSER = {
  type: 'object',
  required: ['key', 'bindings'],
  properties: { key: TEXT, bindings: { type: 'object', additionalProperties: TEXT } },
};
const POLICIES = {
  type: 'object',
  required: ['run', 'modules'],
  properties: { run: { enum: ['isolates', 'bundled', 'none'] }, modules: { type: 'array', items: TEXT } },
};
const ADMISSION = { enum: ['open', 'invite', 'list'] };

export const HEALTH_PATH = '/healthz';

const infoRoute = describeRoute({
  method: 'get',
  path: '/v1/relay',
  tag: TAG,
  summary: 'What a client must know of this relay',
  description: 'The name and key that a genesis must pin, and the clock that event times are compared with. JSON only.',
  access: 'open',
  params: noParameters,
  query: noQuery,
  answer: {
    status: 200,
    description:
      'Name, version, checkpoint key (base64url), time (ms, decimal string), who may found chains: open, invite or list; and the external sender of MLS groups that the relay is: key and, by cipher suite, what binds it to itself (base64url). The key that it signs requests to shard nodes of other operators with. How it runs policies: any module of its registry in isolates, those alone that were bundled with it (SHA-256, base64url), or none.',
    content: jsonContent({
      name: TEXT,
      version: TEXT,
      checkpointKey: TEXT,
      time: TEXT,
      admission: ADMISSION,
      proposer: PROPOSER,
      nodeKey: TEXT,
      policies: POLICIES,
    }),
  },
  problems: [],
});

const healthRoute = describeRoute({
  method: 'get',
  path: HEALTH_PATH,
  tag: TAG,
  summary: 'Liveness',
  description: 'Answers as soon as the relay runs, with or without a key.',
  access: 'open',
  params: noParameters,
  query: noQuery,
  answer: {
    status: 200,
    description: 'The relay runs.',
    content: jsonContent({ status: { const: 'ok' }, version: TEXT }),
  },
  problems: [],
});

export function addRelayRoutes(app: RelayApp, { clock }: Services): void {
  app.openapi(infoRoute, (c) => {
    const { relayName, publicKey, proposer, nodeKey } = relayIdentity(c.env);
    const info: RelayInfo = {
      name: relayName,
      version: VERSION,
      checkpointKey: toBase64Url(publicKey),
      time: String(clock()),
      admission: configureAdmission({ ...c.env }).rule.kind,
      proposer,
      nodeKey: toBase64Url(nodeKey),
      policies: describePolicies(c.env),
    };
    return jsonResponse(info);
  });

  app.openapi(healthRoute, () => jsonResponse({ status: 'ok', version: VERSION }));
}

function jsonContent(properties: Readonly<Record<string, unknown>>) {
  return { 'application/json': { schema: { type: 'object', required: Object.keys(properties), properties } } };
}
