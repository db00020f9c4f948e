import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../cli/relay.ts';
import { Terminal } from '../cli/terminal.ts';

let terminal: Terminal;

beforeAll(() => {
  terminal = new Terminal();
});

afterAll(() => terminal.close());

test('what one process sent is read by another, on a relay that was stopped in between', async () => {
  const [alice, bob] = [
    ['--profile', 'alice'],
    ['--profile', 'bob'],
  ] as const;
  const first = await serve(terminal);
  for (const who of [alice, bob]) await terminal.ask('init', '--relay', first.url, ...who);
  await terminal.ask('group', 'create', 'friends', ...alice);
  await terminal.ask('group', 'invite', 'friends', 'bob', ...alice);
  await terminal.ask('group', 'join', '--name', 'friends', ...bob);
  await terminal.ask('send', 'friends', 'The harbour at nine?', ...alice);
  const audited = await terminal.ask('audit', 'friends', ...alice);

  first.interrupt();
  expect((await first.ended).code).toBe(0);
  await terminal.untilNothingRuns();
  expect(await terminal.refusal('read', 'friends', ...bob)).toMatchObject({ exit: 4, code: 'unreachable' });
  expect(await terminal.refusal('send', 'friends', 'Anyone?', ...bob)).toMatchObject({ exit: 4 });

  await serve(terminal, first.port);
  expect(await terminal.ask('audit', 'friends', ...bob)).toEqual(audited);
  expect(await terminal.documents('read', 'friends', ...bob)).toMatchObject([
    { kind: 'message', text: 'The harbour at nine?', isMine: false },
  ]);
  await terminal.ask('send', 'friends', 'Ten.', ...bob);
  const read = await terminal.documents('read', 'friends', ...alice);
  expect(read.map(({ text }) => text)).toEqual(['The harbour at nine?', 'Ten.']);
});
