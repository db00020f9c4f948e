import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../cli/relay.ts';
import { Terminal, type Document, type Running } from '../cli/terminal.ts';

let terminal: Terminal;
let url: string;

beforeAll(async () => {
  terminal = new Terminal();
  ({ url } = await serve(terminal));
});

afterAll(() => terminal.close());

const as = (profile: string): readonly string[] => ['--profile', profile];

/** The document of a kind that a program has printed, once it has. */
async function printed(program: Running, kind: string): Promise<Document> {
  const out = await program.until(`"kind":"${kind}"`);
  return documentsIn(out).find((document) => document['kind'] === kind)!;
}

function documentsIn(out: string): Document[] {
  const lines = out.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Document);
}

async function namesOf(profile: string): Promise<unknown> {
  const { devices } = (await terminal.ask('device', 'list', ...as(profile))) as { devices: Document[] };
  return devices.map(({ name, until }) => [name, until]);
}

/** What `device add` says to the letters that somebody types. */
async function pair(profile: string, type: (check: string) => string, at = 'desk') {
  const joining = terminal.start('device', 'join', '--name', profile, '--relay', url, ...as(profile), '--json');
  const { code } = await printed(joining, 'offer');
  const adding = terminal.talk('device', 'add', code as string, ...as(at), '--json');
  adding.say(type((await printed(joining, 'check'))['check'] as string));
  return { joining, added: await adding.ended };
}

test('[ID15, ID6, ID11] a second profile is paired, renamed and revoked, and a third comes back by the code on paper', async () => {
  const { chain } = await terminal.ask('init', '--relay', url, ...as('desk'));

  const wrong = await pair('laptop', () => 'aaaa-aaaa-aaaa-aaaa');
  expect([
    wrong.added.code,
    JSON.parse(
      wrong.added.err
        .split('\n')
        .at(-2)!
        .replace(/^[^{]*/, ''),
    ),
  ]).toMatchObject([3, { error: { code: 'check-differs' } }]);
  wrong.joining.interrupt();
  expect((await wrong.joining.ended).code).toBe(130);
  expect(await namesOf('desk')).toEqual([['', null]]);

  const { joining, added } = await pair('laptop', (check) => check.replaceAll('-', ' ').toUpperCase());
  expect(added.code).toBe(0);
  expect(documentsIn((await joining.ended).out).at(-1)).toMatchObject({ kind: 'joined', chain, profile: 'laptop' });

  await terminal.ask('device', 'rename', 'laptop', 'old laptop', ...as('desk'));
  const both = [
    ['', null],
    ['old laptop', null],
  ];
  expect(await Promise.all([namesOf('desk'), namesOf('laptop')])).toEqual([both, both]);
  const { index } = await terminal.ask('device', 'revoke', 'old laptop', '--reason', 'lost', ...as('desk'));
  expect(await terminal.ask('device', 'list', ...as('laptop'))).toMatchObject({ status: { kind: 'revoked', index } });
  expect(await terminal.refusal('device', 'revoke', 'desk', ...as('laptop'))).toMatchObject({
    code: 'no-such-device',
  });

  const paper = join(terminal.home, 'code.txt');
  await terminal.ask('device', 'recovery', '--wait', '0', '--save', paper, ...as('desk'));
  expect(statSync(paper).mode & 0o777).toBe(0o600);
  const recover = ['device', 'recover', '--name', 'new', '--relay', url, ...as('new')];
  expect(await terminal.refusal(...recover)).toMatchObject({ exit: 1, code: 'recovery-code-missing' });
  expect(await terminal.ask(...recover, '--code-file', paper)).toMatchObject({ kind: 'recovered', chain });
  expect(await namesOf('new')).toEqual([
    ['', null],
    ['old laptop', index],
    ['new', null],
  ]);

  expect(await terminal.ask('audit', chain as string, ...as('new'))).toEqual(
    await terminal.ask('audit', chain as string, ...as('desk')),
  );
});

test('[NA1, NA7, NA17] a group follows an account, whose devices are invited together, and a revocation is waited for', async () => {
  await terminal.ask('init', '--relay', url, ...as('anna'));
  await terminal.ask('init', '--relay', url, ...as('desk2'));
  const { joining, added } = await pair('tablet', (check) => check, 'desk2');
  expect(added.code).toBe(0);
  await joining.ended;
  await terminal.ask('group', 'create', 'club', ...as('anna'));
  await terminal.ask('group', 'invite', 'club', 'desk2', ...as('anna'));
  await terminal.ask('group', 'join', '--name', 'club', ...as('desk2'));
  expect(await terminal.refusal('group', 'invite', 'club', 'desk2', '--devices', ...as('anna'))).toMatchObject({
    code: 'account-not-followed',
  });
  await terminal.ask('group', 'follow', 'club', ...as('desk2'));
  expect(await terminal.ask('group', 'invite', 'club', 'desk2', '--devices', ...as('anna'))).toMatchObject({
    actors: [{ outcome: 'invited' }],
  });
  expect(await terminal.refusal('group', 'invite', 'club', 'desk2', '--devices', ...as('anna'))).toMatchObject({
    code: 'all-devices-in',
  });
  expect((await terminal.run('group', 'members', 'club', ...as('anna'))).out).toContain("'tablet' of account");
  const revoked = await terminal.ask('device', 'revoke', 'tablet', '--wait', ...as('desk2'));
  expect(revoked).toMatchObject({ complete: true, following: 1, behind: 0, lagging: [] });
  expect(await terminal.ask('device', 'list', ...as('desk2'))).toMatchObject({ groups: { complete: true } });
  const { accounts } = (await terminal.ask('group', 'members', 'club', ...as('anna'))) as { accounts: Document[] };
  // Suspended until the next commit takes its leaf out.
  const out = expect.stringMatching(/^(suspended|revoked)$/) as string;
  expect(accounts).toMatchObject([{ devices: [{ standing: 'in' }, { name: 'tablet', standing: out }] }]);
});

test('[ID9, ID10] a recovery that waits is seen and ended by a device', async () => {
  await terminal.ask('init', '--relay', url, ...as('home'));
  const paper = join(terminal.home, 'other.txt');
  await terminal.ask('device', 'recovery', '--save', paper, ...as('home'));
  const recover = ['device', 'recover', '--name', 'thief', '--relay', url, ...as('thief')];
  const waiting = await terminal.ask(...recover, '--code-file', paper);
  expect(await terminal.ask(...recover)).toEqual(waiting);
  const shown = await terminal.run('device', 'list', ...as('home'));
  expect(shown.out).toContain("A recovery is under way: 'thief'");
  await terminal.ask('device', 'recovery', '--cancel', ...as('home'));
  expect(await terminal.refusal(...recover)).toMatchObject({ exit: 1, code: 'recovery-ended' });
});

test('[ID5, ID6, CL23] a device goes on under another key, in its account and in its groups', async () => {
  await terminal.ask('init', '--relay', url, ...as('tower'));
  await terminal.ask('group', 'create', 'garden', ...as('tower'));
  await terminal.ask('send', 'garden', 'before', ...as('tower'));
  const replaced = await terminal.ask('device', 'replace', '--as', 'tower-2', '--name', 'new tower', ...as('tower'));
  expect(replaced).toMatchObject({ profile: 'tower-2', groups: [{ outcome: 'moved' }] });
  expect(await namesOf('tower-2')).toEqual([
    ['', replaced['revokedAt']],
    ['new tower', null],
  ]);
  expect(await terminal.ask('send', 'garden', 'after', ...as('tower-2'))).toMatchObject({
    index: expect.any(Number) as number,
  });
  // Until the new key's device has committed the removal, the old one is on its way out.
  expect(await terminal.refusal('send', 'garden', 'too late', ...as('tower'))).toMatchObject({
    code: expect.stringMatching(/^(leaving|removed)$/) as string,
  });
});
