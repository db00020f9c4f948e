import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Proxy } from '../stories/proxy.ts';
import { serve, type Served } from './relay.ts';
import { Terminal } from './terminal.ts';

const KEY = expect.stringMatching(/^[\w-]{43}$/) as string;
const UNREACHABLE = 'http://127.0.0.1:9';

let terminal: Terminal;
let relay: Served;
let proxy: Proxy | undefined;

beforeAll(async () => {
  terminal = new Terminal();
  relay = await serve(terminal);
});

afterEach(() => proxy?.close());

afterAll(() => terminal.close());

const as = (profile: string) => ['--profile', profile];

describe('an identity', { timeout: 120_000 }, () => {
  it('is made once, and shown to whoever asks', async () => {
    const made = await terminal.ask('init', '--relay', relay.url, ...as('alice'));
    const identity = {
      actor: KEY,
      fingerprint: expect.stringMatching(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/) as string,
      chain: KEY,
    };
    expect(made).toEqual({ profile: 'alice', relay: relay.url, ...identity });
    const { actor, fingerprint, chain } = made;
    const shown = { actor, fingerprint, chain, relay: relay.url, relayName: 'localhost.terachat' };
    expect(await terminal.ask('whoami', ...as('alice'))).toEqual(shown);
    const text = (await terminal.here('whoami', ...as('alice'))).out;
    for (const fact of Object.values(shown)) expect(text).toContain(String(fact));

    const second = await terminal.refusal('init', '--relay', relay.url, ...as('alice'));
    expect(second).toMatchObject({
      exit: 1,
      code: 'profile-exists',
      hint: expect.stringContaining('--profile') as string,
    });
    expect(second['message']).toContain(String(actor));
    expect(await terminal.ask('whoami', ...as('alice'))).toEqual(shown);
  });

  it('needs a profile with a plain name, and says how to make one that is missing', async () => {
    for (const name of ['Not A Name', '../alice', '', '-x'])
      expect(await terminal.refusal('whoami', '--profile', name), name).toMatchObject({
        exit: 2,
        code: 'invalid-profile',
      });
    expect(await terminal.refusal('inbox', ...as('nobody'))).toMatchObject({
      exit: 1,
      code: 'no-profile',
      hint: expect.stringMatching(/init --profile nobody$/) as string,
    });
    const { code } = await terminal.runWith({ env: { TERACHAT_PROFILE: 'nobody' } }, 'whoami');
    expect(code).toBe(1);
  });

  it('can be made later where no relay answers', async () => {
    expect(await terminal.refusal('init', '--relay', UNREACHABLE, ...as('later'))).toMatchObject({
      exit: 4,
      code: 'unreachable',
    });
    expect(await terminal.refusal('init', '--relay', 'nonsense', ...as('later'))).toMatchObject({ exit: 2 });
    await terminal.ask('init', '--relay', relay.url, ...as('later'));
  });

  it.each([
    ['founded its chain', '/v1/chains'],
    ['published its KeyPackages', '/key-packages'],
  ])('is finished by another init where the first was cut off before it %s', async (done, path) => {
    const profile = as(`cut-off-${done.length}`);
    let blocked = 0;
    proxy = await Proxy.before(relay.url);
    proxy.block = (url) => url.endsWith(path) && ++blocked > 0;
    const begun = terminal.start('init', '--relay', proxy.url, ...profile);
    await until(() => blocked > 0);
    begun.kill();
    await begun.ended;
    expect(await terminal.refusal('whoami', ...profile)).toMatchObject({ code: 'no-profile' });
    const { actor } = await terminal.ask('init', '--relay', relay.url, ...profile);
    const stock = await terminal.ask('request', 'GET', `/v1/devices/${String(actor)}/key-packages`, ...profile);
    expect(stock).toMatchObject({
      status: 200,
      body: { suites: [{ ciphersuite: 1, available: 20, lastResort: 1 }, {}, {}, {}] },
    });
    expect((await terminal.ask('whoami', ...profile))['actor']).toBe(actor);
  });
});

describe('a group', { timeout: 120_000 }, () => {
  it('[GM30] keeps its handshakes from the relay where its founder says so, and a plain one has none', async () => {
    const frida = as('frida');
    await terminal.ask('init', '--relay', relay.url, ...frida);
    const opaque = ['--handshakes', 'opaque', ...frida];
    expect(await terminal.ask('group', 'create', 'quiet', ...opaque)).toMatchObject({ membership: 'mls' });
    expect(await terminal.ask('group', 'rotate', 'quiet', ...frida)).toMatchObject({ epoch: 1 });
    expect(await terminal.documents('group', 'list', ...frida)).toMatchObject([[{ lacks: ['checked-handshakes'] }]]);
    const plain = await terminal.refusal('group', 'create', 'loud', '--plain', ...opaque);
    expect(plain).toMatchObject({ exit: 2, code: 'invalid-argument' });
  });
});

describe('what a command can run into', { timeout: 120_000 }, () => {
  it('is named with an exit code: unknown names, files that are not there, a relay that is gone or another', async () => {
    const bob = as('bob');
    await terminal.ask('init', '--relay', relay.url, ...bob);
    expect(await terminal.refusal('read', 'nowhere', ...bob)).toMatchObject({ exit: 1, code: 'no-such-group' });
    expect(await terminal.refusal('group', 'join', ...bob)).toMatchObject({ exit: 1, code: 'no-invitation' });
    expect(await terminal.refusal('audit', '--file', '/no/such.log')).toMatchObject({ exit: 2, code: 'file-unusable' });
    const missing = await terminal.refusal('request', 'POST', '/v1/x', '--data', '/no/such', ...bob);
    expect(missing).toMatchObject({ exit: 2, code: 'file-unusable' });
    expect(await terminal.refusal('request', 'GET', '/v1/nothing', ...bob)).toMatchObject({
      exit: 1,
      code: 'not-found',
    });
    expect(await terminal.refusal('schema', 'nothing')).toMatchObject({ exit: 1, code: 'unknown-event-type' });

    relay.interrupt();
    await relay.ended;
    expect(await terminal.refusal('group', 'list', ...bob)).toMatchObject({ exit: 4, code: 'unreachable' });
    // Somebody else's relay at the address that this profile knows.
    const impostor = await serve(terminal, relay.port, 'other');
    expect(await terminal.refusal('whoami', ...bob)).toMatchObject({ exit: 3, code: 'relay-changed' });
    impostor.interrupt();
    await impostor.ended;
    relay = await serve(terminal, relay.port);
    expect(await terminal.documents('group', 'list', ...bob)).toEqual([[]]);
  });

  it('is Ctrl-C while it waits: 130, and what was begun can be done again', async () => {
    proxy = await Proxy.before(relay.url);
    const carol = as('carol');
    await terminal.ask('init', '--relay', proxy.url, ...carol);
    proxy.tamper = ({ path }) => (path === '/v1/chains' ? 'lost' : undefined);
    const running = terminal.start('group', 'create', 'friends', '--json', ...carol);
    await until(() => proxy!.seen.filter(({ path }) => path === '/v1/chains').length > 1);
    running.interrupt();
    const { code, out, err } = await running.ended;
    expect([code, out]).toEqual([130, '']);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'interrupted' } });
    proxy.tamper = undefined;
    expect(await terminal.ask('group', 'create', 'friends', ...carol)).toMatchObject({ name: 'friends' });
  });

  it('is a reader who has seen enough', async () => {
    const main = `${process.execPath} cli/main.ts`;
    const { code, out, err } = await terminal.shell(`${main} schema | head -n 1`).ended;
    expect({ code, err, lines: out.trim().split('\n').length }).toEqual({ code: 0, err: '', lines: 1 });
    const slow = await terminal.shell(`(${main} schema --json; echo "ended with $?" >&2) | true`).ended;
    expect(slow.err).toBe('ended with 0\n');
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 60_000) throw new Error('it did not come about in 60 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
