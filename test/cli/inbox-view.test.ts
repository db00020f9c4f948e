import { expect, test } from 'vitest';
import { inboxDocument, inboxLines } from '../../cli/inbox-view.ts';
import { ActorNames } from '../../cli/names.ts';
import { toBase64Url, utf8ToBytes } from '../../core/index.ts';
import { memoryStorage, type Envelope, type InboxView } from '../../sdk/index.ts';

const actor = (byte: number): string => toBase64Url(new Uint8Array(32).fill(byte));
const nothing = () => Promise.resolve();

function letter(sender: number | undefined, content: Uint8Array | undefined): Envelope {
  const from = sender === undefined ? undefined : actor(sender);
  return { id: 'l1', sender: from, content, sentAt: 5, receivedAt: 7, group: undefined, dismiss: nothing };
}

const EMPTY: InboxView = {
  invitations: [],
  news: [],
  account: undefined,
  envelopes: [],
  setAside: [],
  overflow: undefined,
};

async function linesOf(view: Partial<InboxView>): Promise<readonly string[]> {
  const names = await ActorNames.load(memoryStorage(), { home: '/nowhere', json: false, profile: 'none' });
  await names.contacts.name(actor(1), 'bob');
  return inboxLines({ ...EMPTY, ...view }, names, new Map([['g', 'friends']]));
}

test('[CL14] letters are shown with who sealed them, and what can’t be read of them as that', async () => {
  const envelopes = [
    letter(1, utf8ToBytes('two\nlines\u001b[2J')),
    letter(1, Uint8Array.of(0xff, 0xfe)),
    letter(undefined, undefined),
  ];
  expect(await linesOf({ envelopes })).toEqual([
    `  letter      bob  two\n${' '.repeat(19)}lines\\u001b[2J`,
    '  letter      bob  [2 bytes]',
    '  letter      [can’t be opened]',
  ]);
  const common = { id: 'l1', sentAt: 5, receivedAt: 7, group: null };
  expect(inboxDocument({ ...EMPTY, envelopes }, new Map())).toMatchObject({
    account: null,
    letters: [
      { ...common, sender: actor(1), text: 'two\nlines\u001b[2J', bytes: 13 },
      { ...common, sender: actor(1), text: null, bytes: 2 },
      { ...common, sender: null, text: null, bytes: null },
    ],
  });
});

test('[CL14] what was set aside and what found no room is told', async () => {
  const item = { kind: 'welcome', chain: 'c', index: 4, receivedAt: 9, content: new Uint8Array(12) } as const;
  const setAside = [{ ...item, retry: nothing, discard: nothing }];
  const overflow = { at: 11, dismiss: nothing };
  expect(await linesOf({ setAside, overflow, news: [{ group: 'g', index: 3 }] })).toEqual([
    '  news        friends',
    '  set aside   welcome of c, 12 bytes: this program ended on it five times',
    '  overflow    something found no room at the relay; its sender has to repeat it',
  ]);
  expect(inboxDocument({ ...EMPTY, setAside, overflow }, new Map())).toMatchObject({
    setAside: [{ kind: 'welcome', chain: 'c', index: 4, receivedAt: 9, bytes: 12 }],
    overflow: 11,
  });
});
