import {
  appendRequest,
  commitBundle,
  INVITATION_HEADER,
  MAX_APPEND_BYTES,
  MAX_BUNDLE_BYTES,
  MAX_ENTRY_BYTES,
  ok,
  submission,
} from '../../core/index.ts';
import { addressOf } from './address.ts';
import { appendResponse } from './append-response.ts';
import { contentOf, describeRoute } from './describe-route.ts';
import { OF_ACCOUNTS, OF_EVENTS, OF_POLICIES, OF_STATEMENTS } from './event-problems.ts';
import { foundChain } from './founding.ts';
import { chainObject } from './objects.ts';
import { chainParameters, isName, noParameters, noQuery } from './parameters.ts';
import { structureOf } from './presentation.ts';
import { APPEND_ANSWER } from './presentations.ts';
import { problemResponse } from './problem.ts';
import type { RelayApp, Services } from './relay-app.ts';

/** A genesis has no payload, and its event fits a log entry; so does the submission around it. */
const MAX_GENESIS_BYTES = MAX_ENTRY_BYTES;

const foundRoute = describeRoute({
  method: 'post',
  path: '/v1/chains',
  tag: 'Chains',
  summary: 'Found a chain',
  description:
    'The genesis names this relay and its checkpoint key, as /v1/relay gives them. Location is the new chain. Sending the ' +
    'same genesis again finds the chain that it founded. /v1/relay says who may found chains; an invitation code goes into ' +
    `the header ${INVITATION_HEADER}.`,
  access: 'event',
  params: noParameters,
  query: noQuery,
  body: { structure: structureOf(submission.notation), limitBytes: MAX_GENESIS_BYTES },
  answer: { status: 201, description: 'The receipt of entry 0.', content: contentOf(APPEND_ANSWER) },
  problems: [
    'event-too-large',
    'wrong-chain',
    'bad-signature',
    'clock-skew',
    'unknown-parent',
    'unknown-event-type',
    'wrong-relay',
    'retention-out-of-range',
    'invalid-relay-name',
    'invalid-successor-rule',
    'registry-not-public',
    'invalid-admin-root',
    'payload-mismatch',
    'founding-quota-reached',
    'founding-not-allowed',
    'invitation-required',
    'invitation-invalid',
    'invitation-used',
  ],
});

const appendRoute = describeRoute({
  method: 'post',
  path: '/v1/chains/{chain}/events',
  tag: 'Chains',
  summary: 'Append events',
  description:
    'Each submission is accepted or refused by itself, in order. Refusals among several stand in the outcomes; that of a ' +
    'single submission is the answer itself. The same bytes again get their first receipt.',
  access: 'event',
  params: chainParameters,
  query: noQuery,
  body: { structure: structureOf(appendRequest.notation), limitBytes: MAX_APPEND_BYTES },
  answer: { status: 200, description: 'One outcome a submission.', content: contentOf(APPEND_ANSWER) },
  problems: [
    ...OF_EVENTS,
    'payload-missing',
    'payload-mismatch',
    'payload-too-large',
    'wrong-membership',
    'already-member',
    'no-such-member',
    'last-owner',
    'roster-full',
    'mls-not-created',
    'future-epoch',
    'epoch-closed',
    'group-reinitialised',
    'wrong-epoch',
    'lone-commit',
    'lone-module',
    'no-such-commit',
    'own-commit',
    'already-reported',
    'opaque-handshakes',
    'invalid-handshake',
    ...OF_ACCOUNTS,
    ...OF_POLICIES,
    ...OF_STATEMENTS,
    'root-out-of-order',
    'invalid-admin-root',
    'admin-key-revoked',
    'nothing-revoked',
    'already-revoked',
    'too-few-admins',
  ],
});

const commitRoute = describeRoute({
  method: 'post',
  path: '/v1/chains/{chain}/commits',
  tag: 'Chains',
  summary: 'Post an MLS commit',
  description:
    'The event with the commit, Welcome and GroupInfo that it names, stored together or not at all, and the token of each ' +
    'claim that it uses. One commit wins an epoch; another gets commit-lost with the winner. Where handshakes are opaque, the ' +
    'commit is a PrivateMessage and there is no GroupInfo.',
  access: 'event',
  params: chainParameters,
  query: noQuery,
  body: { structure: structureOf(commitBundle.notation), limitBytes: MAX_BUNDLE_BYTES },
  answer: { status: 200, description: 'The receipt of the commit.', content: contentOf(APPEND_ANSWER) },
  problems: [
    ...OF_EVENTS,
    'wrong-membership',
    'already-member',
    'no-such-member',
    'last-owner',
    'roster-full',
    'group-full',
    'too-many-adds',
    'device-revoked',
    'already-created',
    'unsupported-ciphersuite',
    'mls-not-created',
    'wrong-epoch',
    'commit-lost',
    'welcome-mismatch',
    'payload-mismatch',
    'invalid-handshake',
    'claim-token-missing',
    'claim-token-invalid',
    'claim-token-expired',
  ],
});

/** Writing to chains: founding, appending, committing. Bodies carry their own signatures, which the object verifies. */
export function addChainRoutes(app: RelayApp, { gate, clock, checkSignatures }: Services): void {
  app.openapi(foundRoute, async (c) => {
    const body = await gate.admitBody(c.req.raw, MAX_GENESIS_BYTES);
    if (!body.ok) return problemResponse(body.error);
    const founded = await foundChain(body.value, { request: c.req.raw, env: c.env, clock: clock(), checkSignatures });
    if (!founded.ok) return problemResponse(founded.error);
    const { chain, receipt } = founded.value;
    return appendResponse(c.req.raw, ok(receipt), { status: 201, location: `/v1/chains/${chain}` });
  });

  // The hot path is described like the others but validated without a schema: it pays for one pattern and no JSON.
  app.openAPIRegistry.registerPath(appendRoute);
  app.post(appendRoute.getRoutingPath(), async (c) => {
    const chain = c.req.param('chain');
    if (!isName(chain)) return problemResponse({ code: 'malformed-request', parameter: 'chain' });
    const body = await gate.admitBody(c.req.raw, MAX_APPEND_BYTES);
    if (!body.ok) return problemResponse(body.error);
    return appendResponse(c.req.raw, await chainObject(c.env, chain).append(body.value, addressOf(c.req.raw, c.env)));
  });

  app.openapi(commitRoute, async (c) => {
    const body = await gate.admitBody(c.req.raw, MAX_BUNDLE_BYTES);
    if (!body.ok) return problemResponse(body.error);
    const chain = chainObject(c.env, c.req.valid('param').chain);
    return appendResponse(c.req.raw, await chain.commit(body.value, addressOf(c.req.raw, c.env)));
  });
}
