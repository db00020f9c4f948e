import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, decodeTrusted, mailboxPage, toBase64Url, utf8ToBytes, type MailboxPage } from '../../../core/index.ts';
import type { DeviceObject, RelayEnvironment } from '../../../durable-objects/index.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { callerOf, T0, TestChain, valueOf } from './test-chain.ts';

const alice = new TestActor('alice');
const POKE_DELAY_MS = 500;
/** For a step that waits two seconds, on a slow machine. */
const WAIT = { timeout: 60_000, interval: 200 };

let chain: TestChain;
let bob: TestActor;
let nextBob = 0;

beforeEach(async () => {
  bob = new TestActor(`bob ${nextBob++}`);
  await setMailboxClock();
  await mail();
  chain = await TestChain.found(alice);
  await chain.add(bob);
  await deliver();
});

function mailbox(owner = bob): DurableObjectStub<DeviceObject> {
  return (env as unknown as RelayEnvironment).DEVICE.getByName(toBase64Url(owner.key));
}

function setMailboxClock(owner = bob): Promise<void> {
  return runInDurableObject(mailbox(owner), (device) => {
    device.clock = () => T0;
  });
}

/** What waits for Bob, or another. */
async function mail(owner = bob): Promise<MailboxPage> {
  const device = mailbox(owner) as unknown as DeviceObject;
  return decodeTrusted(mailboxPage, valueOf(await device.mailbox(callerOf(owner), owner.key, 0)));
}

/** Deliveries to this actor alone never get an answer. Calls come by the class, so that is where it is done. */
function hang(owner: TestActor): Promise<() => void> {
  return runInDurableObject(mailbox(owner), (hung) => {
    const prototype = Object.getPrototypeOf(hung) as DeviceObject;
    const { deliver } = prototype;
    prototype.deliver = function (this: DeviceObject, delivery) {
      return this === hung ? new Promise(() => undefined) : deliver.call(this, delivery);
    };
    return () => {
      prototype.deliver = deliver;
    };
  });
}

function rowsOf(table: string): Promise<number> {
  return runInDurableObject(chain.stub, (_, { storage }) =>
    Number(storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one()['n']),
  );
}

interface PokeRow {
  readonly attempt: number;
  readonly due_at: number;
}

function pokeOf(owner: TestActor): Promise<PokeRow | undefined> {
  return runInDurableObject(chain.stub, (_, { storage }) => {
    const rows = storage.sql.exec('SELECT attempt, due_at FROM pokes WHERE recipient = ?', owner.key).toArray();
    return rows[0] as unknown as PokeRow | undefined;
  });
}

/** Runs due jobs at a time, however the alarm itself stands. */
async function runJobs(time: number): Promise<void> {
  await chain.setClock(time);
  await runInDurableObject(chain.stub, (object) => object.alarm());
}

/** Lets the chain's jobs run once their time has come. */
async function deliver(): Promise<void> {
  await chain.setClock(T0 + POKE_DELAY_MS);
  await runDurableObjectAlarm(chain.stub);
  await chain.setClock(T0);
}

async function say(words: string): Promise<void> {
  await chain.append(alice.message(chain.id, await chain.head(), T0, utf8ToBytes(words)));
}

describe('deliveries', () => {
  it('[OB1] poke a member who is away, once until they have read', async () => {
    const first = await mail();
    expect(first.items).toMatchObject([{ kind: 'poke', index: 1 }]);
    await say('one');
    await say('two');
    await deliver();
    expect((await mail()).items).toEqual(first.items);
    await chain.page(bob);
    await say('three');
    await deliver();
    const after = await mail();
    expect(after.items).toMatchObject([{ kind: 'poke', index: 4 }]);
    expect(after.items[0]?.sequence).toBeGreaterThan(first.items[0]?.sequence as number);
  });

  it('[OB1] keep what a crash cut off, and change nothing when it is delivered twice', async () => {
    await chain.page(bob);
    await say('one');
    const rows = await runInDurableObject(chain.stub, (_, { storage }) =>
      storage.sql.exec('SELECT * FROM pokes').toArray(),
    );
    expect(rows).toHaveLength(1);
    await deliver();
    const once = await mail();
    await runInDurableObject(chain.stub, (_, { storage }) => {
      storage.sql.exec(
        'INSERT INTO pokes (recipient, idx, due_at, expires_at) VALUES (?, ?, ?, ?)',
        bob.key,
        2,
        T0,
        T0 + 60_000,
      );
      storage.sql.exec(`INSERT OR REPLACE INTO jobs (kind, due_at) VALUES ('pokes', ?)`, T0);
      void storage.setAlarm(Date.now() + 60_000);
    });
    await deliver();
    expect((await mail()).items).toEqual(once.items);
  });

  it('[OB2] let no recipient who hangs or fails delay another, and try each again, later each time', async () => {
    const [hung, broken, well] = ['hung', 'broken', 'well'].map((name) => new TestActor(`${name} ${nextBob}`)) as [
      TestActor,
      TestActor,
      TestActor,
    ];
    for (const actor of [hung, broken, well]) {
      await setMailboxClock(actor);
      await mail(actor);
      await chain.add(actor);
    }
    const restore = await hang(hung);
    await runInDurableObject(mailbox(broken), (device) => {
      device.clock = () => {
        throw new Error('out of order');
      };
    });
    const start = T0 + POKE_DELAY_MS;
    await runJobs(start);
    await expect.poll(async () => (await mail(well)).items.length).toBe(1);
    const first = { attempt: 1, due_at: start + 2_000 };
    expect([await pokeOf(hung), await pokeOf(broken)]).toEqual([first, first]);
    await setMailboxClock(broken);
    // The step that waits for the hung one ends before the next begins.
    await expect
      .poll(async () => {
        await runJobs(start + 2_000);
        return [(await mail(broken)).items.length, (await pokeOf(hung))?.attempt];
      }, WAIT)
      .toEqual([1, 2]);
    expect([await pokeOf(hung), await pokeOf(broken)]).toEqual([{ attempt: 2, due_at: start + 6_000 }, undefined]);
    restore();
  });

  it('[OB4] ask for a device that never used the relay ever more rarely, and reach it when it comes', async () => {
    const ghost = new TestActor(`ghost ${nextBob}`);
    await setMailboxClock(ghost);
    await chain.add(ghost);
    let now = T0 + POKE_DELAY_MS;
    const waits: number[] = [];
    for (let i = 0; i < 16; i++) {
      await runJobs(now);
      const { due_at: dueAt } = (await pokeOf(ghost)) as PokeRow;
      waits.push(dueAt - now);
      now = dueAt;
    }
    expect(waits.slice(0, 3)).toEqual([2_000, 4_000, 8_000]);
    expect(waits.slice(-2)).toEqual([6 * 3_600_000, 6 * 3_600_000]);
    // The clock runs ahead and is set right.
    await runJobs(now + 10 * DAY_MS);
    expect((await mail(ghost)).items).toEqual([]);
    await runJobs(now);
    expect((await mail(ghost)).items).toMatchObject([{ kind: 'poke', chain: chain.id, index: 2 }]);
    expect(await pokeOf(ghost)).toBeUndefined();
  });

  it('[OB1] [OB3] bring one Welcome to each who was added, also after the chain was evicted in between', async () => {
    const carol = new TestActor(`carol ${nextBob}`);
    const welcome = bytesFor('welcome', 1, 5_000);
    await setMailboxClock(carol);
    await runInDurableObject(chain.stub, (_, { storage }) => {
      const row = 'INSERT INTO outbox (idx, recipient, kind, due_at, expires_at) VALUES (?, ?, ?, ?, ?)';
      storage.sql.exec('INSERT INTO outbox_contents (idx, kind, bytes) VALUES (1, ?, ?)', 'welcome', welcome);
      for (const { key } of [bob, carol]) storage.sql.exec(row, 1, key, 'welcome', T0, T0 + 60_000);
      storage.sql.exec(`INSERT OR REPLACE INTO jobs (kind, due_at) VALUES ('welcomes', ?)`, T0);
    });
    await evictDurableObject(chain.stub);
    await runJobs(T0 + POKE_DELAY_MS);
    for (const actor of [bob, carol]) {
      await expect
        .poll(async () => (await mail(actor)).items)
        .toContainEqual(expect.objectContaining({ kind: 'welcome', chain: chain.id, index: 1, content: welcome }));
    }
    await expect.poll(() => rowsOf('outbox')).toBe(0);
    expect(await rowsOf('outbox_contents')).toBe(0);
  });
});
