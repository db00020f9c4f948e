import {
  appendRequest,
  chainUpFrame,
  encode,
  mailboxUpFrame,
  MAX_APPEND_BYTES,
  MAX_OPEN_FRAME_BYTES,
  STREAM_MARK_BYTES,
  TICKET_BYTES,
  type Submission,
} from '../../../core/index.ts';
import { bytesFor } from '../../durable-objects/bytes-for.ts';
import type { InhabitedRelay } from '../../support/inhabited-relay.ts';
import { chainPath, devicePath } from '../../support/relay-caller.ts';
import type { TestActor } from '../../support/test-actor.ts';
import type { Attempt, BadInput } from './bad-input.ts';

const ORIGIN = 'https://app.example';

type Frames = readonly (Uint8Array | string)[];

/** Frames on a socket of the plain group that Bob has opened. */
function opened(frames: (relay: InhabitedRelay) => Frames | Promise<Frames>): BadInput['make'] {
  return async (relay) => ({
    kind: 'frames',
    path: chainPath(relay.plain, 'stream'),
    reader: relay.bob,
    frames: await frames(relay),
  });
}

/** Frames on a socket that nobody has opened. */
function unopened(frames: (relay: InhabitedRelay) => Frames | Promise<Frames>): BadInput['make'] {
  return async (relay) => ({
    kind: 'frames',
    path: chainPath(relay.plain, 'stream'),
    frames: await frames(relay),
  });
}

function open(ticket: Uint8Array): Uint8Array {
  return encode(chainUpFrame, { kind: 'open', value: { ticket, cursor: 0 } });
}

function append(...submissions: Submission[]): Uint8Array {
  return encode(chainUpFrame, { kind: 'append', value: { request: 1, append: { submissions } } });
}

/** A ticket that was got for one stream and one Origin, shown on another. */
function stolen(
  got: (relay: InhabitedRelay) => { readonly actor: TestActor; readonly path: string; readonly origin?: string },
  shown: (relay: InhabitedRelay) => { readonly path: string; readonly origin?: string },
): BadInput['make'] {
  return async (relay) => {
    const { actor, path, origin } = got(relay);
    const ticket = await relay.caller.ticket(actor, path, origin === undefined ? {} : { origin });
    return { kind: 'frames', ...shown(relay), frames: [open(ticket)] } satisfies Attempt;
  };
}

const tickets: readonly BadInput[] = [
  {
    name: '[SK1] a ticket that nobody gave out',
    code: 'ticket-invalid',
    make: unopened(() => [open(bytesFor('ticket', 0, TICKET_BYTES))]),
  },
  {
    name: '[SK1] a ticket that was used',
    code: 'ticket-invalid',
    make: async (relay) => {
      const { caller, bob, plain } = relay;
      const path = chainPath(plain, 'stream');
      const ticket = await caller.ticket(bob, path);
      const socket = await caller.connect(path);
      socket.send(open(ticket));
      await socket.until(() => true);
      return { kind: 'frames', path, frames: [open(ticket)] };
    },
  },
  {
    name: '[SK1] a ticket of another chain',
    code: 'ticket-invalid',
    make: stolen(
      ({ bob, plain }) => ({ actor: bob, path: chainPath(plain, 'stream') }),
      ({ other }) => ({ path: chainPath(other, 'stream') }),
    ),
  },
  {
    name: '[SK1] a stranger’s own ticket on somebody else’s chain',
    code: 'ticket-invalid',
    make: stolen(
      ({ mallory, hers }) => ({ actor: mallory, path: chainPath(hers, 'stream') }),
      ({ plain }) => ({ path: chainPath(plain, 'stream') }),
    ),
  },
  {
    name: '[SK1] a chain’s ticket on a mailbox',
    code: 'ticket-invalid',
    make: stolen(
      ({ bob, plain }) => ({ actor: bob, path: chainPath(plain, 'stream') }),
      ({ bob }) => ({ path: devicePath(bob, 'mailbox/stream') }),
    ),
  },
  {
    name: '[HT11] a ticket on a page of another origin',
    code: 'ticket-invalid',
    make: stolen(
      ({ bob, plain }) => ({ actor: bob, path: chainPath(plain, 'stream'), origin: ORIGIN }),
      ({ plain }) => ({ path: chainPath(plain, 'stream'), origin: 'https://evil.example' }),
    ),
  },
  {
    name: '[HT11] a page’s ticket in a program',
    code: 'ticket-invalid',
    make: stolen(
      ({ bob, plain }) => ({ actor: bob, path: chainPath(plain, 'stream'), origin: ORIGIN }),
      ({ plain }) => ({ path: chainPath(plain, 'stream') }),
    ),
  },
];

const frames: readonly BadInput[] = [
  { name: '[SK2] a text frame', code: 'unsupported-media-type', make: opened(() => ['hello']) },
  { name: '[SK2] a text frame before anything else', code: 'unsupported-media-type', make: unopened(() => ['hello']) },
  {
    name: '[SK2] a frame of a kind that is not defined',
    code: 'malformed',
    details: { reason: 'unknown-value' },
    make: opened(() => [Uint8Array.of(9, 0, 0)]),
  },
  {
    name: '[SK2] an empty frame',
    code: 'malformed',
    details: { reason: 'truncated' },
    make: opened(() => [new Uint8Array()]),
  },
  {
    name: '[SK2] a byte after a frame',
    code: 'malformed',
    details: { reason: 'trailing-bytes' },
    make: opened(async (relay) => [Uint8Array.of(...append(await relay.message()), 0)]),
  },
  {
    name: '[SK1] an append before the socket is open',
    code: 'open-first',
    make: unopened(() => [append()]),
  },
  {
    name: '[SK5] a first frame that is longer than an open',
    code: 'body-too-large',
    details: { limitBytes: String(MAX_OPEN_FRAME_BYTES) },
    make: unopened(() => [new Uint8Array(MAX_OPEN_FRAME_BYTES + 1)]),
  },
  {
    name: '[SK5] a frame over the limit',
    code: 'body-too-large',
    details: { limitBytes: String(MAX_APPEND_BYTES) },
    make: opened(() => [new Uint8Array(MAX_APPEND_BYTES + 1)]),
  },
  {
    name: '[SK1] a second open',
    code: 'open-first',
    make: opened(async ({ caller, bob, plain }) => [open(await caller.ticket(bob, chainPath(plain, 'stream')))]),
  },
  {
    name: '[SK8] a mark that the relay did not give',
    code: 'unknown-mark',
    make: opened(() => [
      encode(chainUpFrame, { kind: 'progress', value: { mark: bytesFor('mark', 0, STREAM_MARK_BYTES) } }),
    ]),
  },
  {
    name: '[MX10] a mailbox frame over the limit',
    code: 'body-too-large',
    details: { limitBytes: '128' },
    make: ({ bob }) => ({
      kind: 'frames',
      path: devicePath(bob, 'mailbox/stream'),
      reader: bob,
      frames: [new Uint8Array(129)],
    }),
  },
  {
    name: '[MX6] an acknowledgement on a stream of what never came',
    code: 'ack-ahead',
    make: ({ bob }) => ({
      kind: 'frames',
      path: devicePath(bob, 'mailbox/stream'),
      reader: bob,
      frames: [encode(mailboxUpFrame, { kind: 'ack', value: { upTo: 1_000 } })],
    }),
  },
  {
    name: '[MX9] an append on a mailbox',
    code: 'malformed',
    make: ({ bob }) => ({
      kind: 'frames',
      path: devicePath(bob, 'mailbox/stream'),
      reader: bob,
      frames: [encode(appendRequest, { submissions: [] })],
    }),
  },
];

export const badFrames: readonly BadInput[] = [...tickets, ...frames];
