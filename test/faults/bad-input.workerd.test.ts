import { runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  appendRequest,
  chainDownFrame,
  concatBytes,
  decodeTrusted,
  encode,
  mailboxDownFrame,
  MAX_BATCH,
  problems,
  toBase64Url,
  toHex,
  type ChainId,
  type Problem,
  type Submission,
} from '../../core/index.ts';
import { ed25519Signer } from '../../durable-objects/platform/ed25519.ts';
import type { RelayEnvironment } from '../../durable-objects/index.ts';
import { InhabitedRelay } from '../support/inhabited-relay.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { chainPath, RelayCaller } from '../support/relay-caller.ts';
import type { TestActor } from '../support/test-actor.ts';
import { problemOf } from '../workers/relay/answers.ts';
import { documentedFetch } from '../workers/relay/documented-fetch.ts';
import { RELAY_URL } from '../workers/relay/signed-request.ts';
import type { Attempt, BadInput } from './bad-input/bad-input.ts';
import { badCommits } from './bad-input/commits.ts';
import { badDeviceCalls } from './bad-input/devices.ts';
import { badEvents } from './bad-input/events.ts';
import { badFrames } from './bad-input/frames.ts';
import { badProposals } from './bad-input/proposals.ts';
import { badRequests } from './bad-input/requests.ts';

const { default: worker } = exports as unknown as { readonly default: Fetcher };
const { CHAIN, DEVICE } = env as unknown as RelayEnvironment;

/** What a relay holds for people. Beside it there are only nonces, tickets, deliveries on their way, and caches. */
const HOLDINGS = ['log', 'payloads', 'handshakes', 'key_packages', 'claim_windows', 'mailbox', 'mailbox_tokens'];

let relay: InhabitedRelay;
/** Before anything bad came: each row must leave it so. */
let held: Readonly<Record<string, string>>;

beforeAll(async () => {
  const documented = documentedFetch((request) => worker.fetch(request));
  relay = await InhabitedRelay.inhabit(
    new RelayCaller({ url: RELAY_URL, fetch: documented, connect, sign }),
    new Uint8Array(32),
  );
  held = await inventory();
});

/** With the key made anew each time, which is still a fraction of what a portable signature takes. */
function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519Signer(seed)(message);
}

async function connect(path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawSocket> {
  const request = new Request(`${RELAY_URL}${path}`, { headers: { upgrade: 'websocket', ...headers } });
  const { webSocket } = await worker.fetch(request);
  if (webSocket === null) throw new Error(`${path} is no stream`);
  const socket = new RawSocket(webSocket);
  webSocket.accept();
  return socket;
}

/** All that the relay holds in this test, row by row, and the state of each chain as its owner is told it. */
async function inventory(): Promise<Readonly<Record<string, string>>> {
  const { alice, bob, mallory, plain, other, encrypted, unborn, hers } = relay;
  const device = toBase64Url(bob.key);
  const held = [
    ...[plain, other, encrypted, unborn].map((chain) => chainHoldings(chain, alice)),
    chainHoldings(hers, mallory),
    runInDurableObject(DEVICE.getByName(device), (_, { storage }) => holdingsOf(device, storage.sql)),
  ];
  return Object.assign({}, ...(await Promise.all(held))) as Readonly<Record<string, string>>;
}

function chainHoldings(chain: ChainId, owner: TestActor): Promise<Readonly<Record<string, string>>> {
  const name = toBase64Url(chain);
  const stub = CHAIN.getByName(name);
  return runInDurableObject(stub, async (object, { storage }) => {
    const nonce = crypto.getRandomValues(new Uint8Array(16));
    const state = await object.state({ actor: owner.key, nonce, expiresAt: Date.now() });
    return { ...holdingsOf(name, storage.sql), [`${name} state`]: toHex(state.ok ? state.value : new Uint8Array()) };
  });
}

function holdingsOf(name: string, sql: SqlStorage): Readonly<Record<string, string>> {
  const query = `SELECT name FROM sqlite_master WHERE type = 'table'`;
  const tables = [...sql.exec(query).raw<[string]>()].map(([table]) => table);
  const held = tables.filter((table) => HOLDINGS.includes(table));
  return Object.fromEntries(held.map((table) => [`${name} ${table}`, rowsOf(sql, table)]));
}

/** How often mail was given to its reader, which readers count up by reading (`MX13`). */
const GIVINGS = ['given', 'given_at', 'set_aside'];

function rowsOf(sql: SqlStorage, table: string): string {
  const rows = sql.exec(`SELECT * FROM ${table}`).toArray();
  return JSON.stringify(rows, (column, value: unknown) => {
    if (GIVINGS.includes(column)) return undefined;
    return value instanceof ArrayBuffer ? toHex(new Uint8Array(value)) : value;
  });
}

/** Sends it in one way, and gives the problem that came back. */
type Transport = (attempt: Attempt) => Promise<Problem>;

async function overHttp(attempt: Attempt): Promise<Problem> {
  if (attempt.kind === 'frames') throw new Error('frames go on a socket');
  const request =
    attempt.kind === 'request' ? attempt.request : relay.caller.post(chainPath(attempt.chain, 'events'), attempt.body);
  return problemOf(await relay.caller.fetch(request));
}

async function onASocket(attempt: Attempt): Promise<Problem> {
  switch (attempt.kind) {
    case 'request':
      throw new Error('a request goes over HTTP');
    case 'append':
      return appendOnASocket(attempt.chain, attempt.body);
    case 'frames': {
      const { path, reader, origin, frames } = attempt;
      const socket =
        reader === undefined
          ? await relay.caller.connect(path, origin === undefined ? {} : { origin })
          : await relay.caller.subscribe(reader, path);
      for (const frame of frames) socket.send(frame);
      const problem = problemIn(await socket.until(([kind]) => kind === PROBLEM));
      // A socket that did wrong is told so and closed; the reason is the code once more.
      expect(await socket.closed).toEqual({ code: 4400, reason: problem.code });
      return problem;
    }
  }
}

const APPEND = 2;
const APPENDED = 3;
const PROBLEM = 4;

/** The refusal of the one submission, or of the frame that nobody could read. */
async function appendOnASocket(chain: ChainId, body: Uint8Array): Promise<Problem> {
  const socket = await relay.caller.subscribe(relay.alice, chainPath(chain, 'stream'));
  socket.send(concatBytes(Uint8Array.of(APPEND, 0, 0, 0, 7), body));
  const frame = await socket.until(([kind]) => kind === APPENDED || kind === PROBLEM);
  if (frame?.[0] !== APPENDED) return problemIn(frame);
  socket.close();
  const answer = decodeTrusted(chainDownFrame, frame);
  if (answer.kind !== 'appended') throw new Error(`${answer.kind} is no answer`);
  expect(answer.value).toMatchObject({ answers: [{ request: 7 }], checkpoint: '' });
  const outcome = answer.value.answers[0]?.outcomes[0];
  if (outcome?.kind !== 'refused') throw new Error('not refused');
  return JSON.parse(outcome.value.problem) as Problem;
}

function problemIn(frame: Uint8Array | undefined): Problem {
  if (frame === undefined) throw new Error('the socket ended without a word');
  // Both kinds of stream have this frame in the same form.
  const problem = decodeTrusted(mailboxDownFrame, frame);
  if (problem.kind !== 'problem') throw new Error(`${problem.kind} is no problem`);
  return JSON.parse(problem.value.problem) as Problem;
}

async function expectRefused({ code, details, make }: BadInput, send: Transport): Promise<void> {
  const problem = await send(await make(relay));
  expect(problem).toMatchObject({ ...details, code, status: problems[code].status, type: `/docs#${code}` });
  expect(problem.status).toBeGreaterThanOrEqual(400);
  expect(problem.status).toBeLessThan(500);
  expect(await inventory()).toEqual(held);
}

const named = (rows: readonly BadInput[]) => rows.map((row) => [row.name, row] as const);

describe('[PR5] over HTTP the relay refuses, and keeps what it has,', () => {
  const rows = named([...badEvents, ...badCommits, ...badProposals, ...badDeviceCalls, ...badRequests]);
  test.each(rows)('%s', (_, row) => expectRefused(row, overHttp));
});

describe('[PR5] on a socket the relay refuses, and keeps what it has,', () => {
  test.each(named([...badEvents, ...badProposals, ...badFrames]))('%s', (_, row) => expectRefused(row, onASocket));
});

describe('a flood', () => {
  test('[AP14] of more appends than may wait is turned away whole, and the log is as if it had not come', async () => {
    // The same logged event again and again: what fits is answered with its receipt, and nothing of it is new.
    const body = encode(appendRequest, { submissions: new Array<Submission>(MAX_BATCH).fill(relay.logged) });
    const stub = CHAIN.getByName(toBase64Url(relay.plain));
    const answers = await runInDurableObject(stub, (chain) =>
      Promise.all(Array.from({ length: 66 }, () => chain.append(body))),
    );
    const refused = answers.flatMap((answer) => (answer.ok ? [] : [answer.error]));
    expect(refused).toEqual([
      { code: 'rate-limited', limit: 'waiting-events', retryAfterMs: 1_000 },
      { code: 'rate-limited', limit: 'waiting-events', retryAfterMs: 1_000 },
    ]);
    expect(await inventory()).toEqual(held);
  });
});
