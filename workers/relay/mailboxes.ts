import { envelopePost, mailboxAck, MAX_ENVELOPE_POST_BYTES, tokenRevocation } from '../../core/index.ts';
import { answerResponse, emptyResponse } from './answer-response.ts';
import { callAsActor } from './calls.ts';
import { contentOf, describeRoute } from './describe-route.ts';
import { deviceObject } from './objects.ts';
import { bytesOfName, cursorQuery, deviceParameters, noQuery } from './parameters.ts';
import { structureOf } from './presentation.ts';
import { MAILBOX_PAGE, TOKEN_STATE } from './presentations.ts';
import type { RelayApp, Services } from './relay-app.ts';

/** `MailboxAck` and `TokenRevocation` have a few bytes; a little room keeps the refusal `malformed`. */
const MAX_SMALL_BYTES = 64;

const TAG = 'Mailboxes';
const OF_DEVICE = { tag: TAG, access: 'actor', params: deviceParameters } as const;
const PAGE = { status: 200, description: 'A page of items.', content: contentOf(MAILBOX_PAGE) };
const DONE = { status: 204, description: 'Done.' };
const ACK_BODY = { structure: structureOf(mailboxAck.notation), limitBytes: MAX_SMALL_BYTES };

const readRoute = describeRoute({
  ...OF_DEVICE,
  method: 'get',
  path: '/v1/devices/{device}/mailbox',
  summary: 'Read the mailbox',
  description: 'What waits for the device that signs the request, oldest first. Reading removes nothing.',
  query: cursorQuery,
  answer: PAGE,
  problems: ['not-permitted', 'device-revoked'],
});

const ackRoute = describeRoute({
  ...OF_DEVICE,
  method: 'post',
  path: '/v1/devices/{device}/mailbox/ack',
  summary: 'Acknowledge mailbox items',
  description: 'Forgets everything up to and including a sequence number.',
  query: noQuery,
  body: ACK_BODY,
  answer: DONE,
  problems: ['malformed', 'not-permitted', 'device-revoked', 'ack-ahead'],
});

const postRoute = describeRoute({
  ...OF_DEVICE,
  method: 'post',
  path: '/v1/devices/{device}/mailbox',
  summary: 'Post a sealed envelope',
  description:
    'Leaves bytes that only the owner can read, for one who is in a chain with the owner or bears a token of the owner. ' +
    'Posting the same envelope again changes nothing.',
  query: noQuery,
  body: { structure: structureOf(envelopePost.notation), limitBytes: MAX_ENVELOPE_POST_BYTES },
  answer: DONE,
  problems: [
    'malformed',
    'not-permitted',
    'not-found',
    'token-invalid',
    'token-expired',
    'token-revoked',
    'token-spent',
    'token-register-full',
    'mailbox-full',
  ],
});

const revokeRoute = describeRoute({
  ...OF_DEVICE,
  method: 'post',
  path: '/v1/devices/{device}/mailbox/tokens',
  summary: 'Revoke mailbox tokens',
  description: 'Voids one token by its serial, or all by raising the epoch; epoch 0 only asks for the current one.',
  query: noQuery,
  body: { structure: structureOf(tokenRevocation.notation), limitBytes: MAX_SMALL_BYTES },
  answer: { status: 200, description: 'The epoch of which tokens must be.', content: contentOf(TOKEN_STATE) },
  problems: ['malformed', 'not-permitted', 'device-revoked', 'token-register-full'],
});

const setAsideRoute = describeRoute({
  ...OF_DEVICE,
  method: 'get',
  path: '/v1/devices/{device}/mailbox/set-aside',
  summary: 'Read what was set aside',
  description: 'Items that were given time and again and never acknowledged, as they came. Reading removes nothing.',
  query: cursorQuery,
  answer: PAGE,
  problems: ['not-permitted', 'device-revoked'],
});

const discardRoute = describeRoute({
  ...OF_DEVICE,
  method: 'post',
  path: '/v1/devices/{device}/mailbox/set-aside/ack',
  summary: 'Discard what was set aside',
  description: 'Forgets everything that was set aside, up to and including a sequence number.',
  query: noQuery,
  body: ACK_BODY,
  answer: DONE,
  problems: ['malformed', 'not-permitted', 'device-revoked', 'ack-ahead'],
});

/** The mailbox of a device. Whether the signer may is for the device's object to say. */
export function addMailboxRoutes(app: RelayApp, services: Services): void {
  addOwnerRoutes(app, services);
  addSetAsideRoutes(app, services);
  const { gate } = services;

  app.openapi(postRoute, (c) => {
    const { device } = c.req.valid('param');
    return callAsActor(gate, c.req.raw, MAX_ENVELOPE_POST_BYTES, async ({ caller, body }) =>
      emptyResponse(await deviceObject(c.env, device).post(caller, bytesOfName(device), body)),
    );
  });
}

function addOwnerRoutes(app: RelayApp, { gate }: Services): void {
  app.openapi(readRoute, (c) => {
    const { device } = c.req.valid('param');
    const { from = 0 } = c.req.valid('query');
    return callAsActor(gate, c.req.raw, 0, async ({ caller }) => {
      const page = await deviceObject(c.env, device).mailbox(caller, bytesOfName(device), from);
      return answerResponse(c.req.raw, page, MAILBOX_PAGE);
    });
  });

  app.openapi(ackRoute, (c) => {
    const { device } = c.req.valid('param');
    return callAsActor(gate, c.req.raw, MAX_SMALL_BYTES, async ({ caller, body }) =>
      emptyResponse(await deviceObject(c.env, device).ack(caller, bytesOfName(device), body)),
    );
  });

  app.openapi(revokeRoute, (c) => {
    const { device } = c.req.valid('param');
    return callAsActor(gate, c.req.raw, MAX_SMALL_BYTES, async ({ caller, body }) => {
      const state = await deviceObject(c.env, device).revokeTokens(caller, bytesOfName(device), body);
      return answerResponse(c.req.raw, state, TOKEN_STATE);
    });
  });
}

function addSetAsideRoutes(app: RelayApp, { gate }: Services): void {
  app.openapi(setAsideRoute, (c) => {
    const { device } = c.req.valid('param');
    const { from = 0 } = c.req.valid('query');
    return callAsActor(gate, c.req.raw, 0, async ({ caller }) => {
      const page = await deviceObject(c.env, device).setAside(caller, bytesOfName(device), from);
      return answerResponse(c.req.raw, page, MAILBOX_PAGE);
    });
  });

  app.openapi(discardRoute, (c) => {
    const { device } = c.req.valid('param');
    return callAsActor(gate, c.req.raw, MAX_SMALL_BYTES, async ({ caller, body }) =>
      emptyResponse(await deviceObject(c.env, device).discard(caller, bytesOfName(device), body)),
    );
  });
}
