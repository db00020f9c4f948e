import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, memoryStorage, RelayProblem, type Session } from '../../sdk/index.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { startLocalRelay, type LocalRelay } from '../../workers/local.ts';
import { Terminal } from '../cli/terminal.ts';

const terminal = new Terminal();
const keyFile = join(terminal.home, 'operator.key');
const sessions: Session[] = [];
let relay: LocalRelay;
let operatorKey: string;

beforeAll(async () => {
  operatorKey = String((await terminal.ask('admission', 'key', keyFile))['publicKey']);
  relay = await start({ ADMISSION: 'invite', ADMISSION_KEY: operatorKey });
}, 120_000);

afterAll(async () => {
  for (const session of sessions) session.close();
  await relay.stop();
  terminal.close();
});

function start(variables: Readonly<Record<string, string>>): Promise<LocalRelay> {
  const folder = join(terminal.home, 'relay');
  return startLocalRelay({ folder, port: 0, variables: { LIMIT_FACTOR: '1', ...variables } });
}

async function restart(variables: Readonly<Record<string, string>>): Promise<void> {
  await relay.stop();
  relay = await start(variables);
}

async function writeCode(uses: number, relayName = relay.name): Promise<string> {
  const options = ['--key', keyFile, '--relay-name', relayName, '--uses', String(uses)];
  return String((await terminal.ask('admission', 'invite', ...options))['code']);
}

async function newcomer(invitation?: string): Promise<Session> {
  const session = await connect({ relay: relay.url, storage: memoryStorage(), invitation, ...nodePlatform() });
  sessions.push(session);
  return session;
}

/** How an attempt to found ends. */
async function codeOf(founding: Promise<unknown>): Promise<string> {
  try {
    await founding;
    return 'founded';
  } catch (error) {
    if (error instanceof RelayProblem) return error.code;
    throw error;
  }
}

const info = async () => (await (await fetch(`${relay.url}/v1/relay`)).json()) as { readonly admission: string };

test(
  '[AD3, AD4] under invite a code lets in as many people as it says, for good, also over a restart',
  { timeout: 120_000 },
  async () => {
    expect(await info()).toMatchObject({ admission: 'invite' });
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(keyFile, 'utf8')).not.toContain(operatorKey);
    expect(await codeOf((await newcomer()).createIdentity())).toBe('invitation-required');
    expect(await codeOf((await newcomer(await writeCode(1, 'other.example'))).createIdentity())).toBe(
      'invitation-invalid',
    );
    const code = await writeCode(1);
    const alice = await newcomer(code);
    expect(await codeOf(alice.createIdentity())).toBe('founded');
    expect(await codeOf((await newcomer(code)).createIdentity())).toBe('invitation-used');
    expect(await codeOf(alice.createGroup())).toBe('founded');
    await restart({ ADMISSION: 'invite', ADMISSION_KEY: operatorKey });
    expect(await codeOf((await newcomer(code)).createIdentity())).toBe('invitation-used');
  },
);

test('[AD3] the command line passes a code on', { timeout: 120_000 }, async () => {
  const code = await writeCode(1);
  const init = ['init', '--profile', 'carol', '--relay', relay.url];
  const { code: exit, err } = await terminal.here(...init);
  expect([exit, err]).toEqual([1, expect.stringContaining('invitation-required')]);
  await terminal.ask('init', '--profile', 'carol', '--relay', relay.url, '--invite', code);
  await terminal.ask('group', 'create', 'friends', '--profile', 'carol');
});

test('[AD1] under list only those found who are named', { timeout: 120_000 }, async () => {
  const listed = await newcomer(await writeCode(2));
  await listed.createIdentity();
  await restart({ ADMISSION: 'list', ADMISSION_ACTORS: listed.identity?.actor ?? '' });
  expect(await info()).toMatchObject({ admission: 'list' });
  expect(await codeOf((await newcomer()).createIdentity())).toBe('founding-not-allowed');
  await restart({ ADMISSION: 'lsit' });
  expect(await codeOf((await newcomer()).createIdentity())).toBe('founding-not-allowed');
});

test(
  '[AD2] a person founds so many chains a day, and asking again for one of them counts nothing',
  { timeout: 120_000 },
  async () => {
    await restart({ LIMIT_FOUNDER_CHAINS: '2/86400' });
    const session = await newcomer();
    expect(await codeOf(session.createIdentity())).toBe('founded');
    expect(await codeOf(session.createGroup())).toBe('founded');
    const refused = await session.createGroup().catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'founding-quota-reached',
      status: 429,
      details: { limit: 'founder-chains' },
    });
    expect(await codeOf((await newcomer()).createIdentity())).toBe('founded');
  },
);

test('[AD2] so does an address', { timeout: 120_000 }, async () => {
  await restart({ LIMIT_ADDRESS_CHAINS: '1/86400', ADDRESS_HEADER: 'x-client-address' });
  const from = async (address: string) => {
    const platform = nodePlatform();
    const named: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('x-client-address', address);
      return fetch(input, { ...init, headers });
    };
    const session = await connect({ relay: relay.url, storage: memoryStorage(), ...platform, fetch: named });
    sessions.push(session);
    return codeOf(session.createIdentity());
  };
  expect([await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([
    'founded',
    'founding-quota-reached',
    'founded',
  ]);
});
