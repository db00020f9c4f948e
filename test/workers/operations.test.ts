import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toBase64, toBase64Url, toHex } from '../../core/index.ts';
import { connect, memoryStorage, type Session } from '../../sdk/index.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { startLocalRelay, type LocalRelay } from '../../workers/local.ts';
import { soleInvitation, take, textsOf } from '../stories/stage.ts';

const TOKEN = 'a token that nobody guesses'.replaceAll(' ', '-');
const PLAINTEXT = 'nobody but us reads this sentence';

let folder: string;
let relay: LocalRelay;
const logged: string[] = [];
const sessions: Session[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operations-'));
  const variables = { METRICS_TOKEN: TOKEN, METRICS_INTERVAL_S: '0', LOG_REQUESTS: 'true' };
  relay = await startLocalRelay({ folder, port: 0, variables, onLog: ({ message }) => logged.push(message) });
}, 120_000);

afterAll(async () => {
  for (const session of sessions) session.close();
  await relay.stop();
  await rm(folder, { recursive: true, force: true });
});

function scrape(token = TOKEN): Promise<Response> {
  return fetch(`${relay.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
}

/** Samples by name and labels. Fails the test where a line is none that OpenMetrics has. */
async function samples(): Promise<ReadonlyMap<string, number>> {
  const text = await (await scrape()).text();
  expect(text.endsWith('# EOF\n')).toBe(true);
  const found = new Map<string, number>();
  for (const line of text.trimEnd().split('\n')) {
    if (/^# (?:TYPE|UNIT|HELP) \w+ \S/.test(line) || line === '# EOF') continue;
    const [, sample = '', value = ''] = /^(\w+(?:\{(?:\w+="[^"]*",?)+\})?) (\d+(?:\.\d+)?)$/.exec(line) ?? [];
    expect(sample, line).not.toBe('');
    found.set(sample, Number(value));
  }
  return found;
}

/** Everything that a client sent in its headers, by name, and said in its paths. */
class Overheard {
  readonly secrets = new Set<string>();

  readonly fetch: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    for (const name of ['signature', 'content-digest']) this.secrets.add(headers.get(name) ?? '');
    this.secrets.add(/nonce="([^"]+)"/.exec(headers.get('signature-input') ?? '')?.[1] ?? '');
    const { pathname } = new URL(input);
    for (const name of pathname.match(/[A-Za-z0-9_-]{43}/g) ?? []) this.secrets.add(name);
    const response = await fetch(input, init);
    if (pathname.endsWith('/stream')) this.#add(new Uint8Array(await response.clone().arrayBuffer()).slice(0, 32));
    return response;
  };

  #add(bytes: Uint8Array): void {
    for (const form of [toBase64Url(bytes), toBase64(bytes), toHex(bytes)]) this.secrets.add(form);
  }
}

async function person(overheard: Overheard): Promise<Session> {
  const platform = { ...nodePlatform(), fetch: overheard.fetch };
  const session = await connect({ relay: relay.url, storage: memoryStorage(), ...platform });
  sessions.push(session);
  await session.createIdentity();
  return session;
}

/** Two people found a group, talk, and listen; one of them is removed. */
async function story(overheard: Overheard): Promise<void> {
  const [alice, bob] = [await person(overheard), await person(overheard)];
  const group = await alice.createGroup();
  await group.invite(bob.identity!.actor, 'member');
  const joined = await (await soleInvitation(bob)).accept();
  await group.send(PLAINTEXT);
  await joined.catchUp();
  expect(await textsOf(joined)).toContain(PLAINTEXT);
  const heard = take(joined.messages({ live: true }), 2);
  await group.send(`again: ${PLAINTEXT}`);
  await heard;
  await group.remove(bob.identity!.actor);
}

describe('A relay at work', () => {
  test(
    '[OP3] logs each request by its route, and nothing of what people do or hold',
    { timeout: 120_000 },
    async () => {
      const overheard = new Overheard();
      await story(overheard);
      await fetch(`${relay.url}/v1/nothing/${PLAINTEXT}?from=${PLAINTEXT}`);
      await expect.poll(() => logged.some((line) => line.includes('"route":"none"')), { timeout: 60_000 }).toBe(true);
      const lines = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
      const routes = new Set(lines.map(({ route }) => route));
      const expected = [
        '/v1/chains',
        '/v1/chains/{chain}/commits',
        '/v1/chains/{chain}/stream',
        '/v1/devices/{device}/mailbox',
      ];
      for (const route of expected) expect(routes).toContain(route);
      for (const line of lines)
        expect(Object.keys(line).join()).toMatch(/^level,event,method,route,status,(code,)?ms$/);
      const { checkpointKey } = JSON.parse(await readFile(join(folder, 'relay.json'), 'utf8')) as {
        checkpointKey: string;
      };
      const secrets = [...overheard.secrets, PLAINTEXT, TOKEN, checkpointKey].filter((secret) => secret !== '');
      expect(secrets.length).toBeGreaterThan(30);
      const log = logged.join('\n');
      for (const secret of secrets) expect(log).not.toContain(secret);
      expect(log).not.toMatch(/[A-Za-z0-9_-]{43}/);
    },
  );

  test('[OP1] shows its counts to whoever has the token', async () => {
    for (const token of ['', 'x', `${TOKEN}x`]) {
      const response = await scrape(token);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({ code: 'operator-token-required', status: 401 });
    }
    const response = await scrape();
    expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    const counted = await samples();
    const events = counted.get('terachat_events_total{outcome="accepted"}') ?? 0;
    expect(events).toBeGreaterThanOrEqual(3);
    expect(counted.get('terachat_flush_events_sum')).toBe(events);
    expect(counted.get('terachat_requests_total{route="/v1/chains",method="POST",status="2xx"}')).toBe(3);
    expect(counted.get('terachat_request_seconds_count{route="/v1/chains"}')).toBe(3);
    expect(counted.get('terachat_refusals_total{code="operator-token-required"}')).toBe(3);
    expect(counted.get('terachat_counts_addresses')).toBe(0);
  });

  test('[OP2] makes no series of what a caller chose', async () => {
    const before = await samples();
    for (let i = 0; i < 20; i++) await fetch(`${relay.url}/made-up-${i}`, { method: i % 2 === 0 ? 'DELETE' : 'GET' });
    const after = await samples();
    const route = (method: string) => `terachat_requests_total{route="none",method="${method}",status="4xx"}`;
    expect(after.get(route('other'))).toBe((before.get(route('other')) ?? 0) + 10);
    expect(after.get(route('GET'))).toBe((before.get(route('GET')) ?? 0) + 10);
    expect([...after.keys()].join()).not.toContain('made-up');
  });

  test('[OP1, OP4] keeps its totals over a restart, and shows nothing where no token is set', async () => {
    const before = await samples();
    await relay.stop();
    relay = await startLocalRelay({ folder, port: 0, variables: { METRICS_TOKEN: TOKEN, METRICS_INTERVAL_S: '0' } });
    const name = 'terachat_events_total{outcome="accepted"}';
    expect((await samples()).get(name)).toBe(before.get(name));
    await relay.stop();
    relay = await startLocalRelay({ folder, port: 0 });
    expect(await (await scrape()).json()).toMatchObject({ code: 'not-found' });
    await relay.stop();
    relay = await startLocalRelay({ folder, port: 0, variables: { METRICS_OPEN: 'true' } });
    expect((await fetch(`${relay.url}/metrics`)).status).toBe(200);
  });
});
