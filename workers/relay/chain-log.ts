import { chainOrigin, formatVkey, ok, utf8ToBytes, verifierKeyOf } from '../../core/index.ts';
import { answerResponse } from './answer-response.ts';
import { callAsReader } from './calls.ts';
import { contentOf, describeRoute } from './describe-route.ts';
import { relayIdentity } from './identity.ts';
import { chainObject } from './objects.ts';
import { bytesOfName, chainParameters, noQuery, proofParameters } from './parameters.ts';
import { CHECKPOINT, PROOF, VKEY } from './presentations.ts';
import type { RelayApp, Services } from './relay-app.ts';

const TAG = 'Transparency';

const checkpointRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/log/checkpoint',
  tag: TAG,
  summary: 'Read the checkpoint',
  description: 'The newest signed checkpoint of the chain (C2SP tlog-checkpoint).',
  access: 'reader',
  params: chainParameters,
  query: noQuery,
  answer: { status: 200, description: 'A signed note.', content: contentOf(CHECKPOINT) },
  problems: [],
});

const vkeyRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/log/vkey',
  tag: TAG,
  summary: 'Read the verifier key',
  description:
    'The key under which this relay signs the checkpoints of that chain (C2SP signed-note), without a line end. Computed ' +
    'from the chain id, so it says nothing about whether the chain exists. Trust the key in the genesis, not this.',
  access: 'open',
  params: chainParameters,
  query: noQuery,
  answer: { status: 200, description: 'A verifier key.', content: contentOf(VKEY) },
  problems: [],
});

const proofRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/log/proof/{index}',
  tag: TAG,
  summary: 'Prove an entry',
  description: 'The inclusion proof of one entry under the newest checkpoint (C2SP tlog-proof).',
  access: 'reader',
  params: proofParameters,
  query: noQuery,
  answer: { status: 200, description: 'A proof with its checkpoint.', content: contentOf(PROOF) },
  problems: [],
});

/** What verifiers of a chain's log ask for, in the formats of C2SP. */
export function addChainLogRoutes(app: RelayApp, { gate }: Services): void {
  app.openapi(checkpointRoute, (c) => {
    const chain = chainObject(c.env, c.req.valid('param').chain);
    return callAsReader(gate, c.req.raw, CHECKPOINT, (caller) => chain.checkpoint(caller));
  });

  app.openapi(vkeyRoute, (c) => {
    const { relayName, publicKey } = relayIdentity(c.env);
    const origin = chainOrigin(relayName, bytesOfName(c.req.valid('param').chain));
    const vkey = formatVkey(verifierKeyOf(origin, 'ed25519', publicKey));
    return answerResponse(c.req.raw, ok(utf8ToBytes(vkey)), VKEY);
  });

  app.openapi(proofRoute, (c) => {
    const { chain: name, index } = c.req.valid('param');
    const chain = chainObject(c.env, name);
    return callAsReader(gate, c.req.raw, PROOF, (caller) => chain.proof(caller, index));
  });
}
