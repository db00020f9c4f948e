import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeTrusted, mailboxPage, toBase64Url, utf8ToBytes, type MailboxPage } from '../../../core/index.ts';
import type { DeviceObject, RelayEnvironment } from '../../../durable-objects/index.ts';
import { TestActor } from '../../support/test-actor.ts';
import { callerOf, T0, TestChain, valueOf } from './test-chain.ts';

const alice = new TestActor('alice');
const POKE_DELAY_MS = 500;

let chain: TestChain;
let bob: TestActor;
let nextBob = 0;

beforeEach(async () => {
  bob = new TestActor(`bob ${nextBob++}`);
  await setMailboxClock();
  chain = await TestChain.found(alice);
  await chain.add(bob);
  await deliver();
});

function mailbox(): DurableObjectStub<DeviceObject> {
  return (env as unknown as RelayEnvironment).DEVICE.getByName(toBase64Url(bob.key));
}

function setMailboxClock(): Promise<void> {
  return runInDurableObject(mailbox(), (device) => {
    device.clock = () => T0;
  });
}

/** What waits for Bob. */
async function mail(): Promise<MailboxPage> {
  const device = mailbox() as unknown as DeviceObject;
  return decodeTrusted(mailboxPage, valueOf(await device.mailbox(callerOf(bob), bob.key, 0)));
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
      storage.sql.exec('INSERT INTO pokes (recipient, idx, due_at) VALUES (?, ?, ?)', bob.key, 2, T0);
      storage.sql.exec(`INSERT OR REPLACE INTO jobs (kind, due_at) VALUES ('pokes', ?)`, T0);
      void storage.setAlarm(Date.now() + 60_000);
    });
    await deliver();
    expect((await mail()).items).toEqual(once.items);
  });
});
