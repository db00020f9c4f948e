import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Proxy } from '../stories/proxy.ts';
import { serve, type Served } from './relay.ts';
import { Terminal, type Document } from './terminal.ts';

interface Finding extends Document {
  readonly status: string;
  readonly found: string;
  readonly todo: string | null;
}

const alice = ['--profile', 'alice'];
const OK_FOR_A_PERSON =
  'version node patches runtime profile permissions locks reachable relay-version clock relay-key registry policies';

let terminal: Terminal;
let relay: Served;
let proxy: Proxy;

/** Alice talks to the relay through somebody who can change its answers. */
beforeAll(async () => {
  terminal = new Terminal();
  relay = await serve(terminal);
  proxy = await Proxy.before(relay.url);
  await terminal.ask('init', '--relay', proxy.url, ...alice);
});

afterAll(async () => {
  await proxy.close();
  terminal.close();
});

/** What the doctor finds, by name, and how it ends. */
async function examine(...args: string[]): Promise<{ code: number | null; found: Record<string, Finding> }> {
  const { code, out, err } = await terminal.here('doctor', '--json', '--data', '/no/such/folder', ...args);
  expect(err === '', err).toBe(code === 0);
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: (Finding & { name: string })[] };
  expect(ok).toBe(code === 0);
  return { code, found: Object.fromEntries(checks.map((check) => [check.name, check])) };
}

function relayTimeOff(ms: number): void {
  proxy.tamper = ({ path, body }) => {
    if (path !== '/v1/relay') return undefined;
    const info = JSON.parse(body.toString()) as { time: string };
    return Buffer.from(JSON.stringify({ ...info, time: String(Number(info.time) + ms) }));
  };
}

describe('terachat doctor', { timeout: 120_000 }, () => {
  it('finds nothing where all is well, in JSON and in lines of 80 columns', async () => {
    const { code, found } = await examine(...alice);
    expect(code).toBe(0);
    const { 'relay-file': folder, ...others } = found;
    expect(folder, 'a folder that was named and is not there').toMatchObject({ status: 'warn' });
    expect(Object.keys(others).join(' ')).toBe(OK_FOR_A_PERSON);
    for (const [name, { status, todo }] of Object.entries(others))
      expect([name, status, todo]).toEqual([name, 'ok', null]);

    const { code: ended, out, err } = await terminal.here('doctor', '--data', join(terminal.home, 'relay'), ...alice);
    expect([ended, err]).toEqual([0, '']);
    expect(out).toMatch(/^ {2}ok {4}clock {10}agrees with the relay$/m);
    expect(out).toMatch(/^ {2}ok {4}relay-file .* is yours alone$/m);
    expect(out).toMatch(new RegExp(`^ {2}ok {4}relay-process  process ${relay.pid} serves `, 'm'));
    expect(out).toMatch(/^ {2}ok {4}cluster-nodes  all 6 answer$/m);
    // All of them on this machine.
    expect(out).toMatch(/^ {2}warn {2}cluster-apart  this-machine alone is more than may fail$/m);
  });

  it('warns of a clock that is a minute off, and fails at five', async () => {
    relayTimeOff(90_000);
    const late = await examine(...alice);
    expect([late.code, late.found['clock']]).toMatchObject([0, { status: 'warn', todo: expect.any(String) as string }]);
    expect(late.found['clock']!.found).toMatch(/^this machine's clock is [89]\d s behind the relay's$/);
    relayTimeOff(-310_000);
    const early = await examine(...alice);
    expect([early.code, early.found['clock']!.status]).toEqual([1, 'fail']);
    expect(early.found['clock']!.found).toContain('ahead of');
    proxy.tamper = undefined;
  });

  it('fails where others can read the keys, or hold back the relay, or stand in for it', async () => {
    const folder = join(terminal.home, 'people', 'profiles', 'alice');
    chmodSync(join(folder, 'storage'), 0o755);
    proxy.block = () => true;
    const away = await examine(...alice);
    expect(away.code).toBe(1);
    expect(away.found['permissions']).toMatchObject({ status: 'fail', todo: `chmod -R go-rwx ${folder}` });
    expect(away.found['reachable']!.status).toBe('fail');
    chmodSync(join(folder, 'storage'), 0o700);
    proxy.block = undefined;

    proxy.tamper = ({ path, body }) =>
      path === '/v1/relay' ? Buffer.from(body.toString().replace('localhost.terachat', 'other.example')) : undefined;
    const { code, found } = await examine(...alice);
    expect([code, found['relay-key']!.status, found['reachable']!.status]).toEqual([1, 'fail', 'ok']);
    expect(found['relay-key']!.found).toContain('another relay answers');
    proxy.tamper = undefined;
  });

  it('names a lock that a dead process left, and waits for nobody', async () => {
    const locks = join(terminal.home, 'people', 'profiles', 'alice', 'storage', 'locks');
    writeFileSync(join(locks, 'journal'), '2147483646');
    mkdirSync(join(locks, 'journal.lock'));
    const { code, found } = await examine(...alice);
    expect([code, found['locks']!.status]).toEqual([0, 'warn']);
    expect(found['locks']!.found).toContain('process 2147483646, which is gone');
  });

  it('looks at a relay’s folder: a key that others can read, a workerd that was left behind', async () => {
    const other = await serve(terminal, '0', 'other');
    const data = join(terminal.home, 'other');
    chmodSync(join(data, 'relay.json'), 0o644);
    other.kill();
    await other.ended;
    const { code, found } = await examine('--data', data, '--profile', 'nobody');
    expect([code, found['profile']!.status, found['relay-file']!.status]).toEqual([1, 'warn', 'fail']);
    expect(found['relay-file']!.todo).toMatch(/^chmod 600 .*relay\.json$/);
    const { status, todo } = found['relay-process']!;
    expect(status).toBe('fail');
    process.kill(Number(/^kill (\d+)$/.exec(todo ?? '')?.[1]), 'SIGKILL');
  });
});
