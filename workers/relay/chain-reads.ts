import { MAX_PAGE_ENTRIES } from '../../core/index.ts';
import { callAsReader } from './calls.ts';
import { contentOf, describeRoute } from './describe-route.ts';
import { chainObject } from './objects.ts';
import {
  bytesOfName,
  chainParameters,
  epochQuery,
  followingQuery,
  noQuery,
  pageQuery,
  payloadParameters,
  treeParameters,
} from './parameters.ts';
import { ENTRY_PAGE, FOLLOWING, GROUP_INFO, PAYLOAD, PROPOSALS, RATCHET_TREE, STATE } from './presentations.ts';
import type { RelayApp, Services } from './relay-app.ts';

const entriesRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/entries',
  tag: 'Reading a chain',
  summary: 'Read entries',
  description:
    'Entries from an index on, with the payloads that they name where the relay still holds them. A removed member reads ' +
    'up to its removal. An empty page says that there is no more.',
  access: 'reader',
  params: chainParameters,
  query: pageQuery,
  answer: { status: 200, description: 'A page of entries.', content: contentOf(ENTRY_PAGE) },
  problems: [],
});

const payloadRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/payloads/{hash}',
  tag: 'Reading a chain',
  summary: 'Read a payload',
  description: 'The ciphertext that an entry names, until it expires.',
  access: 'reader',
  params: payloadParameters,
  query: noQuery,
  answer: { status: 200, description: 'The bytes whose SHA-256 is the hash.', content: contentOf(PAYLOAD) },
  problems: ['payload-expired', 'payload-unavailable'],
});

const stateRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/state',
  tag: 'Reading a chain',
  summary: 'Read the state',
  description: 'What the entries add up to, with its digest. Whoever replays the entries gets the same bytes.',
  access: 'reader',
  params: chainParameters,
  query: noQuery,
  answer: { status: 200, description: 'The state after the newest entry.', content: contentOf(STATE) },
  problems: [],
});

const followingRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/following',
  tag: 'Reading a chain',
  summary: 'See which groups follow',
  description:
    'Of an account, for its devices: how many groups follow it, and which of them have yet to import the first entries of it. ' +
    'A revocation is complete when none has.',
  access: 'reader',
  params: chainParameters,
  query: followingQuery,
  answer: { status: 200, description: 'How far the groups are.', content: contentOf(FOLLOWING) },
  problems: [],
});

const groupInfoRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/group-info',
  tag: 'Reading a chain',
  summary: 'Read the GroupInfo',
  description:
    'The MLSMessage with the GroupInfo of the current epoch, as the committer sent it (RFC 9420 §12.4.3), or of the epoch ' +
    'before, which is kept for those who check a report. For members alone. Where handshakes are opaque there is none; one ' +
    'that is damaged is not given out.',
  access: 'reader',
  params: chainParameters,
  query: epochQuery,
  answer: { status: 200, description: 'The GroupInfo of that epoch.', content: contentOf(GROUP_INFO) },
  problems: ['mls-not-created', 'opaque-handshakes', 'group-info-lost'],
});

const proposalsRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/proposals',
  tag: 'Reading a chain',
  summary: 'Read the proposals',
  description:
    'What was proposed in the current epoch: MLSMessages that a commit may name by their ProposalRef (RFC 9420 §5.2), in the ' +
    'order of the log. The next epoch has none of them.',
  access: 'reader',
  params: chainParameters,
  query: noQuery,
  answer: { status: 200, description: 'The proposals of the epoch in force.', content: contentOf(PROPOSALS) },
  problems: ['mls-not-created'],
});

const treeRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/trees/{hash}',
  tag: 'Reading a chain',
  summary: 'Read a ratchet tree',
  description:
    'The content of a ratchet_tree extension (RFC 9420 §12.4.3.3) by its tree hash: of the current epoch, of the one before, or ' +
    'of one that began with a Welcome in the last 30 days. For those who are or were in that epoch.',
  access: 'reader',
  params: treeParameters,
  query: noQuery,
  answer: { status: 200, description: 'The tree that has the hash.', content: contentOf(RATCHET_TREE) },
  problems: [],
});

/** Reading a chain, each time authorised anew by the object that keeps it. */
export function addChainReadRoutes(app: RelayApp, { gate }: Services): void {
  app.openapi(entriesRoute, (c) => {
    const { from = 0, limit = MAX_PAGE_ENTRIES } = c.req.valid('query');
    const chain = chainObject(c.env, c.req.valid('param').chain);
    return callAsReader(gate, c.req.raw, ENTRY_PAGE, (caller) => chain.entries(caller, from, limit));
  });

  app.openapi(payloadRoute, (c) => {
    const { chain: name, hash } = c.req.valid('param');
    const chain = chainObject(c.env, name);
    return callAsReader(gate, c.req.raw, PAYLOAD, (caller) => chain.payload(caller, bytesOfName(hash)));
  });

  app.openapi(stateRoute, (c) => {
    const chain = chainObject(c.env, c.req.valid('param').chain);
    return callAsReader(gate, c.req.raw, STATE, (caller) => chain.state(caller));
  });

  app.openapi(followingRoute, (c) => {
    const { size } = c.req.valid('query');
    const chain = chainObject(c.env, c.req.valid('param').chain);
    return callAsReader(gate, c.req.raw, FOLLOWING, (caller) => chain.following(caller, size));
  });

  app.openapi(groupInfoRoute, (c) => {
    const { epoch } = c.req.valid('query');
    const chain = chainObject(c.env, c.req.valid('param').chain);
    return callAsReader(gate, c.req.raw, GROUP_INFO, (caller) => chain.groupInfo(caller, epoch));
  });

  app.openapi(proposalsRoute, (c) => {
    const chain = chainObject(c.env, c.req.valid('param').chain);
    return callAsReader(gate, c.req.raw, PROPOSALS, (caller) => chain.proposals(caller));
  });

  app.openapi(treeRoute, (c) => {
    const { chain: name, hash } = c.req.valid('param');
    const chain = chainObject(c.env, name);
    return callAsReader(gate, c.req.raw, RATCHET_TREE, (caller) => chain.tree(caller, bytesOfName(hash)));
  });
}
