import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventDefinitions } from '../../core/index.ts';
import { itemAdded, limit } from './sample-events.ts';
import { Terminal } from './terminal.ts';

const module = join(import.meta.dirname, 'sample-events.ts');
let terminal: Terminal;

beforeAll(() => {
  terminal = new Terminal();
});

afterAll(() => terminal.close());

test('[EV3] schema shows the types of an application in full, and lists them with the others', async () => {
  const [shown] = (await terminal.ask('schema', itemAdded.name, '--module', module)) as unknown as [object];
  expect(shown).toMatchObject({
    type: '0x8001',
    ordering: 'observed',
    jsonSchema: { required: ['version', 'item', 'title'] },
    example: {
      view: { version: 1, item: 'AAE', title: 'text' },
      bytes: '000100010474657874',
      layout: [
        { offset: 0, bytes: '0001', path: 'version', meaning: 'always 1' },
        { offset: 2, bytes: '0001', path: 'item', meaning: '2 bytes' },
        { offset: 4, bytes: '04', path: 'title', meaning: '4 bytes follow' },
        { offset: 5, bytes: '74657874', path: 'title', meaning: '"text"' },
      ],
    },
  });
  const all = (await terminal.ask('schema', '--module', module)) as unknown as readonly object[];
  expect(all).toHaveLength(eventDefinitions.length + 1);
  expect(limit).toBe(3);
}, 120_000);

test('schema says what is wrong with a module', async () => {
  expect(await terminal.refusal('schema', '--module', '/no/such.mjs')).toMatchObject({
    exit: 2,
    code: 'module-unusable',
  });
  const none = join(import.meta.dirname, '../../core/result.ts');
  expect(await terminal.refusal('schema', '--module', none)).toMatchObject({ exit: 2, code: 'no-event-types' });
}, 120_000);
