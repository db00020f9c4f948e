import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeTrusted, encodeLogCopy, entryPage, fromBase64Url, type EventDefinition } from '../../core/index.ts';
import type { Group, Session } from '../../sdk/index.ts';
import { Guide } from '../support/guide.ts';
import { soleInvitation, Stage } from './stage.ts';

let stage: Stage;
const guides: Guide[] = [];

beforeAll(async () => {
  stage = await Stage.set();
});

afterAll(async () => {
  for (const guide of guides) await guide.close();
  await stage.strike();
});

async function open(name: string): Promise<Guide> {
  const guide = await Guide.open(name, stage.relay.url);
  guides.push(guide);
  return guide;
}

describe('the first app', () => {
  test('two people meet by the programs of the guide and talk, also after the relay was away', async () => {
    const guide = await open('first-app');
    const alice = (await guide.run('node first-app/hello.mjs alice')).trim();
    const bob = (await guide.run('node first-app/hello.mjs bob')).trim();
    expect(bob).toMatch(/^[\w-]{43}$/);
    expect((await guide.run('node first-app/hello.mjs bob')).trim()).toBe(bob);

    expect(await guide.run('node first-app/invite.mjs alice KEY', { KEY: bob })).toContain('has 2 members');
    expect(await guide.run('node first-app/join.mjs bob')).toContain(`invited by ${alice}`);

    const hers = guide.start('node first-app/chat.mjs alice');
    const his = guide.start('node first-app/chat.mjs bob');
    hers.say('The harbour at nine?');
    await his.until(`${alice.slice(0, 6)}: The harbour at nine?`);
    his.say('Ten.');
    await hers.until(`${bob.slice(0, 6)}: Ten.`);

    await stage.restartRelay();
    hers.say('I bring the bucket.');
    await his.until('I bring the bucket.');
    await his.end();
    hers.say('And tea.');
    await hers.end();
    const later = guide.start('node first-app/chat.mjs bob');
    await later.until('And tea.');
    expect((await later.end()).match(/bucket/g)).toHaveLength(1);
  }, 300_000);
});

/** What the guide's modules export, as far as it is used. */
interface EventGuide {
  readonly todo: { readonly itemAdded: EventDefinition<unknown>; readonly itemClaimed: EventDefinition<unknown> };
  readonly list: { readList(group: Group): Promise<{ title: string; claimedBy: string | undefined }[]> };
  readonly secret: {
    addSecretly(group: Group, title: string): Promise<void>;
    secretItems(group: Group): AsyncIterable<{ title: string }>;
  };
  readonly versions: {
    readonly itemAddedWithDate: EventDefinition<unknown>;
    itemsOf(group: Group): AsyncIterable<{ title: string; dueAt: number | undefined }>;
  };
}

describe('event types', () => {
  let guide: Guide;
  let modules: EventGuide;
  const item = new Uint8Array(16).fill(7);

  beforeAll(async () => {
    guide = await open('event-types');
    const [todo, list, secret, versions] = await Promise.all(
      ['todo', 'list', 'secret', 'versions'].map((name) => guide.import(`events/${name}.mjs`)),
    );
    modules = { todo, list, secret, versions } as EventGuide;
  });

  test('what the guide shows of a definition is what it prints', async () => {
    const shown = guide.fences.filter(({ language }) => language === 'text').map(({ text }) => `${text}\n`);
    expect(shown).toEqual([await guide.run('node events/look.mjs')]);
  });

  test('the board runs as printed', async () => {
    const printed = await guide.run('node events/board.mjs');
    expect(printed).toMatch(/^claimed by entry 3\nCaulk the boat [\w-]{43}\n$/);
  });

  test('of two who claim an item the first in the log has it, for everyone', async () => {
    const { todo, list } = modules;
    const [alice, bob] = [await stage.person(), await stage.person()];
    const hers = await alice.createGroup({ membership: 'plain' });
    await hers.invite(nameOf(bob));
    const his = await (await soleInvitation(bob)).accept();
    await hers.append(todo.itemAdded, { version: 1, item, title: 'Caulk the boat' });
    await his.append(todo.itemClaimed, { version: 1, item });
    await hers.append(todo.itemClaimed, { version: 1, item });
    const expected = [{ title: 'Caulk the boat', claimedBy: nameOf(bob) }];
    expect([await list.readList(hers), await list.readList(his)]).toEqual([expected, expected]);
  });

  test('both versions of a body are read, a reader of the first leaves the second out, and a saved log shows them', async () => {
    const { todo, versions } = modules;
    const alice = await stage.person();
    const group = await alice.createGroup({ membership: 'plain' });
    await group.append(todo.itemAdded, { version: 1, item, title: 'old' });
    await group.append(versions.itemAddedWithDate, { version: 2, item, title: 'new', dueAt: 5 });
    const items = [];
    for await (const { title, dueAt } of versions.itemsOf(group)) items.push({ title, dueAt });
    expect(items).toEqual([
      { title: 'old', dueAt: undefined },
      { title: 'new', dueAt: 5 },
    ]);
    const first = [];
    for await (const { index } of group.events(todo.itemAdded)) first.push(index);
    expect(first).toEqual([1]);

    await writeFile(join(guide.folder, 'friends.log'), await copyOf(alice, group));
    const view = todo.itemAdded.view({ version: 1, item, title: 'old' });
    expect(await guide.node('events/read-log.mjs')).toBe(`1 ${JSON.stringify(view)}\n2 unknown-version\n`);
  });

  test('what is sent as a message is there for members and not in the log', async () => {
    const { secret } = modules;
    const alice = await stage.person();
    const group = await alice.createGroup();
    await secret.addSecretly(group, 'Caulk the boat by night');
    const titles = [];
    for await (const { title } of secret.secretItems(group)) titles.push(title);
    expect(titles).toEqual(['Caulk the boat by night']);
    const kinds = [];
    for await (const { kind } of group.timeline()) kinds.push(kind);
    expect(kinds).not.toContain('application');
  });
});

/** What `terachat audit --save` keeps. */
async function copyOf(session: Session, group: Group): Promise<Uint8Array> {
  const response = await session.request('GET', `/v1/chains/${group.id}/entries`);
  const page = decodeTrusted(entryPage, new Uint8Array(await response.arrayBuffer()));
  const chain = fromBase64Url(group.id) ?? new Uint8Array();
  return encodeLogCopy({ chain, checkpoint: page.checkpoint, entries: page.entries.map(({ entry }) => entry) });
}

function nameOf({ identity }: Session): string {
  if (identity === undefined) throw new Error('people of a story have an identity');
  return identity.actor;
}
