import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  buildWorker,
  LocalRelayError,
  relayBundle,
  spawnRelay,
  startLocalRelay,
  type LocalRelay,
  type LocalRelayOptions,
  type LocalRelayProblem,
  type SpawnedRelay,
  type WorkerBundle,
  type WorkerLog,
} from '../../workers/local.ts';
import { steadyPort } from '../support/steady-port.ts';

/** How long anything that must come about may take on a slow machine. */
const PATIENCE_MS = 60_000;
const here = import.meta.dirname;
const scratch = mkdtempSync(join(tmpdir(), 'terachat-local-'));
let counter: WorkerBundle;
let folders = 0;
const running = new Set<LocalRelay | SpawnedRelay>();

beforeAll(async () => {
  counter = await buildWorker({ config: join(here, 'counter/wrangler.toml'), folder: join(scratch, 'counter') });
});

afterEach(async () => {
  const relays = [...running];
  running.clear();
  await Promise.all(relays.map((relay) => relay.stop()));
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const freshFolder = () => join(scratch, `relay-${folders++}`);

async function start(options: Partial<LocalRelayOptions> & { folder: string }): Promise<LocalRelay> {
  const relay = await startLocalRelay({ port: 0, bundle: counter, ...options });
  running.add(relay);
  return relay;
}

async function spawnCounter(folder: string, port = 0): Promise<SpawnedRelay> {
  const relay = await spawnRelay({ folder, port, bundle: counter });
  running.add(relay);
  return relay;
}

async function problemOf(start: Promise<unknown>): Promise<LocalRelayProblem> {
  const error = await start.then(() => undefined).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(LocalRelayError);
  return (error as LocalRelayError).problem;
}

const count = async ({ url }: { url: string }, method = 'GET') => Number(await (await fetch(url, { method })).text());

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MS; waited += 20) {
    if (await condition()) return;
    await sleep(20);
  }
  throw new Error(`It did not come about in ${PATIENCE_MS} ms.`);
}

describe('a local relay', () => {
  it('keeps its state, its key and its name over restarts', async () => {
    const folder = freshFolder();
    const first = await start({ folder, name: 'first.example' });
    expect([await count(first, 'POST'), await count(first, 'POST')]).toEqual([1, 2]);
    const variables = (await (await fetch(`${first.url}/variables`)).json()) as Record<string, string>;
    const { checkpointKey } = JSON.parse(readFileSync(join(folder, 'relay.json'), 'utf8')) as Record<string, string>;
    expect(variables).toEqual({
      GREETING: 'hello',
      ADDRESS_HEADER: '',
      LIMIT_FACTOR: '10000',
      RELAY_NAME: 'first.example',
      RELAY_CHECKPOINT_KEY: checkpointKey,
      OPERATORS: expect.stringMatching(/^[\w-]{43}$/) as string,
      REPAIR_BYTES_PER_S: '268435456',
      POLICY_LOADER: {},
    });
    expect(Buffer.from(checkpointKey!, 'base64url')).toHaveLength(32);
    expect(statSync(join(folder, 'relay.json')).mode & 0o777).toBe(0o600);
    await first.stop();

    const second = await start({ folder });
    expect(await count(second)).toBe(2);
    expect([second.name, second.publicKey]).toEqual(['first.example', first.publicKey]);
  });

  it('has a key and a workerd of its own beside another in the same process', async () => {
    const one = await start({ folder: freshFolder() });
    const { runtimePid } = one;
    const other = await start({ folder: freshFolder() });
    expect(other.publicKey).not.toBe(one.publicKey);
    expect(other.runtimePid).not.toBe(runtimePid);
    expect(one.runtimePid).toBe(runtimePid);
    expect([await count(one, 'POST'), await count(other)]).toEqual([1, 0]);
  });

  it('leaves no process, no lock and no signal handler when it stops', async () => {
    const folder = freshFolder();
    const handlers = () => ['SIGINT', 'SIGTERM', 'SIGHUP', 'message'].map((name) => process.listenerCount(name));
    const before = handlers();
    const relay = await start({ folder, port: await steadyPort() });
    expect(isAlive(relay.runtimePid)).toBe(true);
    expect(handlers()).toEqual(before);
    await Promise.all([relay.stop(), relay.stop()]);
    expect(isAlive(relay.runtimePid)).toBe(false);
    await expect(fetch(relay.url)).rejects.toThrow();
    expect(existsSync(join(folder, 'relay.lock'))).toBe(false);
    expect(handlers()).toEqual(before);
  });

  it('names a taken port and one that is free, and leaves the folder free', async () => {
    const server = createServer().listen(await steadyPort(), '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const folder = freshFolder();
    const problem = await problemOf(start({ folder, port }));
    expect(problem).toMatchObject({ code: 'port-taken', port });
    const { freePort } = problem as { freePort: number };
    expect(freePort).not.toBe(port);
    expect(await start({ folder, port: freePort })).toMatchObject({ url: `http://127.0.0.1:${freePort}`, folder });
    server.close();
  });

  it('does not take an address of another machine for a port that is taken', async () => {
    // Of TEST-NET-1 (RFC 5737), which is nobody's.
    const host = '192.0.2.1';
    for (const port of [0, 8787]) {
      const problem = { code: 'address-unusable', host, port, cause: 'EADDRNOTAVAIL' };
      expect(await problemOf(start({ folder: freshFolder(), host, port }))).toEqual(problem);
    }
  });

  it('is alone in its folder, and says which process has it', async () => {
    const folder = freshFolder();
    await start({ folder });
    expect(await problemOf(start({ folder }))).toMatchObject({ code: 'folder-in-use', pid: process.pid });
    expect(await problemOf(spawnCounter(folder))).toMatchObject({ code: 'folder-in-use', pid: process.pid });
  });

  it('says of a file that it is no folder, and leaves it as it is', async () => {
    const file = join(scratch, 'notes.txt');
    writeFileSync(file, 'mine');
    expect(await problemOf(start({ folder: file }))).toEqual({
      code: 'folder-unusable',
      folder: file,
      cause: 'EEXIST',
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('is the only one of many that start at once', async () => {
    const folder = freshFolder();
    const starts = await Promise.allSettled([1, 2, 3].map(() => spawnCounter(folder)));
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('never replaces a key that it can not read, nor a name', async () => {
    const folder = freshFolder();
    const relay = await start({ folder });
    await relay.stop();
    expect(await problemOf(start({ folder, name: 'other.example' }))).toMatchObject({
      code: 'relay-name-fixed',
      name: relay.name,
    });
    const path = join(folder, 'relay.json');
    for (const text of ['', '{}', '{"name":"a","checkpointKey":"AAAA"}', '{"name":"a"']) {
      writeFileSync(path, text);
      expect(await problemOf(start({ folder }))).toMatchObject({ code: 'relay-file-invalid', path });
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });

  it('prints nothing and gives the lines of its worker to who asks', async () => {
    const lines: WorkerLog[] = [];
    const relay = await start({ folder: freshFolder(), onLog: (line) => lines.push(line) });
    await fetch(`${relay.url}/log`);
    await until(() => lines.length > 0);
    expect(lines).toEqual([{ level: 'log', message: 'a line of the worker' }]);

    const script = `
      import { startLocalRelay } from '${here}/../../workers/local.ts';
      const relay = await startLocalRelay(${JSON.stringify({ folder: freshFolder(), port: 0, bundle: counter })});
      await fetch(relay.url + '/log');
      await relay.stop();`;
    const args = ['--input-type=module', '--eval', script];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(output).toBe('');
  });

  it('says what is wrong with a worker that does not bundle', async () => {
    const folder = join(scratch, 'broken');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'wrangler.toml'),
      'name = "broken"\nmain = "index.js"\ncompatibility_date = "2026-10-23"\n',
    );
    writeFileSync(join(folder, 'index.js'), 'import "./missing.js"; export default {};');
    const problem = await problemOf(
      buildWorker({ config: join(folder, 'wrangler.toml'), folder: join(folder, 'out') }),
    );
    expect(problem).toMatchObject({ code: 'worker-not-built' });
    expect((problem as { output: string }).output).toContain('missing.js');
  });
});

describe('a relay that is killed', () => {
  it('is gone whole, frees its port and has kept what it acknowledged', async () => {
    const folder = freshFolder();
    const first = await spawnCounter(folder, await steadyPort());
    let acknowledged = 0;
    const appends = (async () => {
      for (;;) acknowledged = await count(first, 'POST');
    })();
    const cutOff = expect(appends).rejects.toThrow();
    await until(() => acknowledged > 20);
    await first.kill();
    await cutOff;
    expect([isAlive(first.pid), isAlive(first.runtimePid)]).toEqual([false, false]);
    await expect(fetch(first.url)).rejects.toThrow();

    const second = await spawnCounter(folder, first.port);
    expect(second).toMatchObject({ url: first.url, name: first.name, publicKey: first.publicKey });
    const kept = await count(second);
    expect([acknowledged, acknowledged + 1]).toContain(kept);
  });

  it('leaves a workerd that the next start names and does not join', async () => {
    const folder = freshFolder();
    const relay = await spawnCounter(folder);
    await count(relay, 'POST');
    process.kill(relay.pid, 'SIGKILL');
    await until(() => !isAlive(relay.pid));
    const problem = { code: 'runtime-orphaned', pid: relay.runtimePid };
    expect(await problemOf(start({ folder }))).toMatchObject(problem);
    expect(await problemOf(spawnCounter(folder))).toMatchObject(problem);
    process.kill(relay.runtimePid, 'SIGKILL');
    await until(() => !isAlive(relay.runtimePid));
    expect(await count(await start({ folder }))).toBe(1);
  });

  it('by Ctrl-C, which its workerd gets as well, ends in order', async () => {
    const folder = freshFolder();
    const relay = await spawnCounter(folder, await steadyPort());
    process.kill(-relay.pid, 'SIGINT');
    await until(() => !isAlive(relay.pid) && !isAlive(relay.runtimePid));
    expect(existsSync(join(folder, 'relay.lock'))).toBe(false);
    await expect(fetch(relay.url)).rejects.toThrow();
  });

  it('by its workerd alone goes on with another at the same address, and the lock knows', async () => {
    const folder = freshFolder();
    const relay = await start({ folder });
    await count(relay, 'POST');
    const { runtimePid: killed } = relay;
    process.kill(killed, 'SIGKILL');
    await until(() => relay.runtimePid !== killed);
    await until(() =>
      count(relay).then(
        (n) => n === 1,
        () => false,
      ),
    );
    const lock = JSON.parse(readFileSync(join(folder, 'relay.lock'), 'utf8')) as { runtime: { pid: number } };
    expect(lock.runtime.pid).toBe(relay.runtimePid);
  });

  it('ends when the process that spawned it is killed', async () => {
    const script = `
      import { spawnRelay } from '${here}/../../workers/local.ts';
      const { pid, runtimePid } = await spawnRelay(${JSON.stringify({ folder: freshFolder(), port: 0, bundle: counter })});
      process.stdout.write(JSON.stringify([pid, runtimePid]));
      setInterval(() => {}, 1000);`;
    const args = ['--input-type=module', '--eval', script];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(text.toString()) as number[];
    expect(pids.map(isAlive)).toEqual([true, true]);
    parent.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
  });
});

describe('the relay itself', () => {
  it('is bundled once and starts from that', async () => {
    const bundle = await relayBundle();
    const madeAt = statSync(bundle.folder).ctimeMs;
    const relay = await startLocalRelay({ folder: freshFolder(), port: 0 });
    running.add(relay);
    expect(await (await fetch(`${relay.url}/healthz`)).json()).toMatchObject({ status: 'ok' });
    expect(await relayBundle()).toEqual(bundle);
    expect(statSync(bundle.folder).ctimeMs).toBe(madeAt);
  });
});
