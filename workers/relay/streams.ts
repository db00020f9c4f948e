import type { ProblemCode } from '../../core/index.ts';
import { callAsActor } from './calls.ts';
import { answerResponse } from './answer-response.ts';
import { describeRoute, contentOf } from './describe-route.ts';
import { chainObject, deviceObject, streamObject, type StreamingObject } from './objects.ts';
import { bytesOfName, chainParameters, deviceParameters, noQuery, streamQuery } from './parameters.ts';
import { TICKET } from './presentations.ts';
import { problemResponse } from './problem.ts';
import type { RelayApp, Services } from './relay-app.ts';

const TAG = 'Streams';
const SWITCHING = { status: 101, description: 'The socket; its first frame is Open, within five seconds.' };
const TICKET_ANSWER = { status: 200, description: 'A ticket, good once within 30 s.', content: contentOf(TICKET) };
const TICKET_NOTE =
  'A browser can sign no handshake, so a signed request first gets a ticket, which the first frame presents. It is bound ' +
  'to the actor, this path, the share that the answer names, and the Origin that the request came from.';

const chainTicketRoute = describeRoute({
  method: 'post',
  path: '/v1/chains/{chain}/stream',
  tag: TAG,
  summary: 'Get a ticket for a chain',
  description: TICKET_NOTE,
  access: 'actor',
  params: chainParameters,
  query: noQuery,
  answer: TICKET_ANSWER,
  problems: ['not-found', 'too-many-subscribers', 'unavailable'],
});

const chainStreamRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/stream',
  tag: TAG,
  summary: 'Open the stream of a chain',
  description:
    'A WebSocket of binary frames: ChainUpFrame from the client, ChainDownFrame from the relay. History from the cursor, ' +
    'one caught-up, then what is new. `share` is the one that the ticket is for.',
  access: 'open',
  params: chainParameters,
  query: streamQuery,
  answer: SWITCHING,
  problems: ['upgrade-required', 'not-found', 'too-many-subscribers', 'unavailable'],
});

const mailboxTicketRoute = describeRoute({
  method: 'post',
  path: '/v1/devices/{device}/mailbox/stream',
  tag: TAG,
  summary: 'Get a ticket for a mailbox',
  description: TICKET_NOTE,
  access: 'actor',
  params: deviceParameters,
  query: noQuery,
  answer: TICKET_ANSWER,
  problems: ['not-permitted'],
});

const mailboxStreamRoute = describeRoute({
  method: 'get',
  path: '/v1/devices/{device}/mailbox/stream',
  tag: TAG,
  summary: 'Open the stream of a mailbox',
  description: 'A WebSocket of binary frames: MailboxUpFrame from the client, MailboxDownFrame from the relay.',
  access: 'open',
  params: deviceParameters,
  query: noQuery,
  answer: SWITCHING,
  problems: ['upgrade-required', 'not-found', 'too-many-subscribers', 'unavailable'],
});

/** Tickets, and the handshakes of the sockets that they open. */
export function addStreamRoutes(app: RelayApp, { gate }: Services): void {
  app.openapi(chainTicketRoute, (c) => {
    const chain = chainObject(c.env, c.req.valid('param').chain);
    return callAsActor(gate, c.req.raw, 0, async ({ caller }) =>
      answerResponse(c.req.raw, await chain.ticket(caller, originOf(c.req.raw)), TICKET),
    );
  });

  app.openapi(mailboxTicketRoute, (c) => {
    const { device } = c.req.valid('param');
    const mailbox = deviceObject(c.env, device);
    return callAsActor(gate, c.req.raw, 0, async ({ caller }) =>
      answerResponse(c.req.raw, await mailbox.ticket(caller, bytesOfName(device), originOf(c.req.raw)), TICKET),
    );
  });

  app.openapi(chainStreamRoute, (c) => {
    const { share = 0 } = c.req.valid('query');
    return openSocket(c.req.raw, streamObject(c.env, c.req.valid('param').chain, share));
  });

  app.openapi(mailboxStreamRoute, (c) => openSocket(c.req.raw, deviceObject(c.env, c.req.valid('param').device)));
}

/** The object has no words for why it takes no socket, only a status; callers get the problem that fits it. */
const REFUSED_SOCKETS: Readonly<Record<number, ProblemCode>> = { 404: 'not-found', 503: 'too-many-subscribers' };

/** Hands the handshake to the object, which answers it and holds the socket from then on. */
async function openSocket(request: Request, object: StreamingObject): Promise<Response> {
  if (!isUpgrade(request)) return problemResponse({ code: 'upgrade-required' });
  const response = await object.fetch(request);
  if (response.webSocket !== null) return response;
  return problemResponse({ code: REFUSED_SOCKETS[response.status] ?? 'unavailable' });
}

function isUpgrade({ headers }: Request): boolean {
  return headers.get('upgrade')?.toLowerCase() === 'websocket';
}

/** What a browser says the request came from; programs say nothing, and their tickets are bound to that. */
function originOf({ headers }: Request): string {
  return headers.get('origin') ?? '';
}
