import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Group, Session } from '../../sdk/index.ts';
import { soleInvitation, Stage, take, textsOf } from '../stories/stage.ts';

let stage: Stage;
let alice: Session;

beforeAll(async () => {
  stage = await Stage.set();
  alice = await stage.person();
});

afterAll(() => stage.strike());

/** Bob keeps what he knows in a folder, and is in an encrypted group with Alice. */
async function meetBob(name: string): Promise<{ bob: Session; hers: Group; his: Group; folder: string }> {
  const bob = await stage.connect(stage.storage(name));
  await bob.createIdentity();
  const hers = await alice.createGroup();
  await hers.invite(bob.identity!.actor, 'admin');
  const his = await (await soleInvitation(bob)).accept();
  return { bob, hers, his, folder: join(stage.folder, name) };
}

describe('a client that keeps its state in a folder', () => {
  test('is the same one after a restart: identity, history, keys', async () => {
    const { bob, hers, his } = await meetBob('restart');
    await hers.send('one');
    await his.send('two');
    bob.close();
    await hers.send('three');
    const again = await stage.connect(stage.storage('restart'));
    expect(again.identity).toEqual(bob.identity);
    expect(await again.groups()).toEqual([{ id: hers.id, membership: 'mls' }]);
    const group = await again.group(hers.id);
    expect(await textsOf(group)).toEqual(['one', 'two']);
    await group.catchUp();
    await group.send('four');
    expect(await textsOf(group)).toEqual(['one', 'two', 'three', 'four']);
    await expect(again.createIdentity()).rejects.toMatchObject({ code: 'identity-exists' });
    await expect(bob.groups()).rejects.toMatchObject({ code: 'session-closed' });
    await expect(again.group(alice.identity!.chain)).rejects.toMatchObject({ code: 'unknown-group' });
  });

  test('[CL8] two at once on one folder share keys and history: one follows, the other talks and changes the group', async () => {
    const { hers, his } = await meetBob('shared');
    const other = await (await stage.connect(stage.storage('shared'))).group(hers.id);
    const live = take(his.messages({ live: true }), 9);
    for (let i = 1; i <= 3; i++) {
      await Promise.all([other.send(`other ${i}`), hers.send(`alice ${i}`), his.send(`bob ${i}`)]);
      await other.rotate();
    }
    const texts = (await live).map((message) => (message.kind === 'message' ? message.text : message.reason));
    await Promise.all([hers.catchUp(), other.catchUp()]);
    expect(await textsOf(hers)).toEqual(texts);
    expect(await textsOf(other)).toEqual(texts);
    expect([...texts].sort()).toEqual(['alice', 'bob', 'other'].flatMap((who) => [1, 2, 3].map((i) => `${who} ${i}`)));
  });

  test('[CL8] killed while it talks, it comes back with usable keys; nothing delivered is lost, nothing comes twice', async () => {
    const { hers, folder } = await meetBob('killed');
    const delivered: string[] = [];
    for (let round = 1; round <= 4; round++) {
      delivered.push(...(await killSender(folder, hers.id, `round ${round}`, 400 + round * 137)));
      await hers.rotate();
    }
    const again = await stage.connect(stage.storage('killed'));
    await again.inbox();
    const his = await again.group(hers.id);
    await his.send('back');
    await hers.catchUp();
    const texts = await textsOf(hers);
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.filter((text) => text.startsWith('['))).toEqual([]);
    expect(texts.filter((text) => delivered.includes(text))).toEqual(delivered);
    expect(texts.at(-1)).toBe('back');
    expect(await textsOf(his)).toEqual(texts);
    // At most one message a round was under way when its process died.
    expect(texts.length - delivered.length).toBeLessThanOrEqual(5);
  });
});

/** Runs a sender, kills it some time after its first message, and returns what it had reported as delivered. */
async function killSender(folder: string, group: string, prefix: string, afterMs: number): Promise<string[]> {
  const script = join(import.meta.dirname, '../stories/sender-process.ts');
  const child = spawn(process.execPath, [script, stage.relay.url, folder, group, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
    output += chunk.toString();
  });
  await once(child, 'close');
  return output.slice(0, output.lastIndexOf('\n')).split('\n');
}
