import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  accountFollowing,
  accountNamed,
  chainDownFrame,
  chainUpFrame,
  decodeTrusted,
  deviceAdded,
  deviceRevoked,
  memberAdded,
  possessionContent,
  roleOf,
  signEd25519,
  ticketAnswer,
  utf8ToBytes,
  type AppendAnswer,
} from '../../../core/index.ts';
import type { ChainObject } from '../../../durable-objects/index.ts';
import { LEASE_MS } from '../../../relay/index.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { SocketPeer } from '../socket-peer.ts';
import { codeOf, poke, TestDevice, welcomeFor } from '../device/test-device.ts';
import { callerOf, problemCode, T0, TestChain, valueOf } from './test-chain.ts';

const [alice, bob, phone, tablet] = ['alice', 'bob', 'phone', 'tablet'].map((name) => new TestActor(name)) as [
  TestActor,
  TestActor,
  TestActor,
  TestActor,
];
const hello = utf8ToBytes('hello');
const WAIT = { timeout: 60_000, interval: 20 };
const undo: (() => void)[] = [];

let account: TestChain;
let group: TestChain;

/** Bob's account with a phone and a tablet. Alice's group has the phone, and names the account. */
beforeEach(async () => {
  account = await TestChain.found(bob, { parameters: { kind: 'identity', value: {} } });
  await addDevice(phone);
  await addDevice(tablet);
  group = await TestChain.found(alice);
  await group.add(phone);
  const { entries, checkpoint } = await account.page(bob);
  const facts = { entries: entries.map(({ entry }) => entry), consistency: [], checkpoint };
  accepted(await group.change(accountNamed, { identity: account.id, facts }));
  // Until the account knows its follower.
  await vi.waitFor(async () => expect(await followers()).toEqual([3]), WAIT);
});

afterEach(() => {
  for (const restore of undo.splice(0)) restore();
});

async function addDevice(device: TestActor): Promise<void> {
  const eventId = bytesFor(`addition of ${device.key[0]}`, 0, 16);
  const proof = signEd25519(device.seed, possessionContent('device', { chain: account.id, eventId, key: device.key }));
  const body = deviceAdded.encodeBody({ device: device.key, name: 'a device', proof });
  const draft = { chain: account.id, seen: await account.head(), time: T0, type: deviceAdded.type, body, eventId };
  accepted(await account.append(bob.sign(draft)));
}

async function revokePhone(): Promise<void> {
  accepted(await account.change(deviceRevoked, { device: phone.key, reason: 'lost' }));
}

function accepted(answer: AppendAnswer): void {
  expect(answer.outcomes.map(({ kind }) => kind)).toEqual(['accepted']);
}

/** What each group that follows the account knows of it. */
function followers(): Promise<number[]> {
  return runInDurableObject(account.stub, (_, { storage }) =>
    storage.sql
      .exec<{ known: number }>('SELECT known FROM followers')
      .toArray()
      .map(({ known }) => known),
  );
}

/** One call to this chain's object fails, until the test is over or it is undone. Calls come by the class, so that is where it is done. */
async function cutOff(chain: TestChain, method: 'newsFor' | 'followNews'): Promise<() => void> {
  const restore = await runInDurableObject(chain.stub, (target) => {
    const prototype = Object.getPrototypeOf(target) as Record<typeof method, (...given: unknown[]) => Promise<unknown>>;
    const original = prototype[method];
    prototype[method] = function (this: unknown, ...given: unknown[]) {
      return this === target ? Promise.reject(new Error('cut off')) : original.call(this, ...given);
    };
    return () => {
      prototype[method] = original;
    };
  });
  undo.push(restore);
  return restore;
}

async function say(actor: TestActor, time = T0): Promise<AppendAnswer> {
  return group.append(actor.message(group.id, await group.head(), time, hello));
}

async function read(actor: TestActor): Promise<string> {
  const answer = await group.object.entries(callerOf(actor), 0, 100);
  return answer.ok ? 'read' : answer.error.code;
}

async function listen(actor: TestActor) {
  const { ticket } = decodeTrusted(ticketAnswer, valueOf(await group.object.ticket(callerOf(actor), '')));
  const response = await group.stub.fetch('https://relay/stream', { headers: { upgrade: 'websocket' } });
  const peer = new SocketPeer(response.webSocket as WebSocket, chainUpFrame, chainDownFrame);
  peer.send({ kind: 'open', value: { ticket, cursor: 0 } });
  await peer.until(({ kind }) => kind === 'caughtUp');
  return peer;
}

async function following(actor: TestActor, size?: number): Promise<unknown> {
  const answer = await account.object.following(callerOf(actor), size);
  return answer.ok ? decodeTrusted(accountFollowing, answer.value) : answer.error.code;
}

async function roleOfPhone(): Promise<string> {
  const { state } = await group.audit();
  return state?.kind === 'group' ? roleOf(state.value.roster, phone.key) : '';
}

describe('a revoked device', () => {
  it('[NA13] is cut off in the groups of its account by the account itself, which sees that all know', async () => {
    accepted(await say(phone));
    await revokePhone();
    await vi.waitFor(async () => expect(await roleOfPhone()).toBe('none'), WAIT);
    expect(problemCode(await say(phone))).toBe('actor-removed');
    await vi.waitFor(async () => expect(await followers()).toEqual([4]), WAIT);
  });

  it('[NA17] is known to be cut off by all groups or not yet, to the account’s devices alone', async () => {
    const restore = await cutOff(group, 'followNews');
    expect(await following(bob)).toEqual({ size: 3, groups: 1, behind: 0, lagging: [] });
    await revokePhone();
    const lagging = [{ chain: group.id, known: 3 }];
    expect(await following(tablet)).toEqual({ size: 4, groups: 1, behind: 1, lagging });
    expect(await following(bob, 3)).toEqual({ size: 3, groups: 1, behind: 0, lagging: [] });
    expect(await following(bob, 99)).toEqual({ size: 4, groups: 1, behind: 1, lagging });
    for (const stranger of [phone, alice]) expect(await following(stranger)).toBe('not-found');
    expect(codeOf(await group.object.following(callerOf(alice), undefined))).toBe('not-found');
    restore();
    await group.setClock(T0 + LEASE_MS);
    expect(await read(phone)).toBe('read');
    expect(await following(bob)).toEqual({ size: 4, groups: 1, behind: 0, lagging: [] });
  });

  it('[NA17] is not known to a group that claims to have more of the account than there is', async () => {
    await cutOff(group, 'followNews');
    const answer = await runInDurableObject(account.stub, (object: ChainObject) =>
      object.newsFor(group.id, 99).catch(String),
    );
    expect(answer).toMatch('99 entries');
    expect(await followers()).toEqual([3]);
  });

  it('[NA12] loses its stream in the flush of the import, after the import itself', async () => {
    const stream = await listen(phone);
    const other = await listen(alice);
    await revokePhone();
    expect((await stream.closed).code).toBe(4403);
    const got = stream.frames.flatMap((frame) => (frame.kind === 'entries' ? frame.value.entries : []));
    expect(got).toHaveLength(4);
    accepted(await say(alice));
    await other.until(
      (frame) => frame.kind === 'entries' && frame.value.entries.some(({ payload }) => payload !== undefined),
    );
    other.close();
  });

  it('[NA11] whose revocation was never delivered has no open door after a minute', async () => {
    await cutOff(group, 'followNews');
    expect(await read(phone)).toBe('read');
    const stream = await listen(phone);
    await revokePhone();
    await group.setClock(T0 + LEASE_MS - 1);
    accepted(await say(phone));
    await group.setClock(T0 + LEASE_MS);
    expect(problemCode(await say(phone))).toBe('actor-removed');
    expect((await stream.closed).code).toBe(4403);
    expect(await roleOfPhone()).toBe('none');
  });

  it('[NA11] gets nothing of what comes on its stream once the lease is over', async () => {
    await cutOff(group, 'followNews');
    const stream = await listen(phone);
    await revokePhone();
    await group.setClock(T0 + LEASE_MS);
    accepted(await say(alice, T0 + LEASE_MS));
    expect((await stream.closed).code).toBe(4403);
    await vi.waitFor(async () => expect(await roleOfPhone()).toBe('none'), WAIT);
  });

  it('[NA11] is not let in while another group of its account does not know yet', async () => {
    await cutOff(group, 'followNews');
    accepted(await account.change(deviceRevoked, { device: tablet.key, reason: 'lost' }));
    await group.setClock(T0 + LEASE_MS);
    expect(problemCode(await group.change(memberAdded, { actor: tablet.key, role: 'member' }))).toBe('stale-parent');
    expect(problemCode(await group.change(memberAdded, { actor: tablet.key, role: 'member' }))).toBe('device-revoked');
  });
});

it('[NA14] a revoked device has no mailbox and nothing to claim any more, and hears why', async () => {
  const device = await TestDevice.of(new TestActor('slate'));
  await addDevice(device.owner);
  valueOf(
    await device.publish(...(await device.keyPackages(1)), ...(await device.keyPackages(1, { lastResort: true }))),
  );
  await device.deliver(welcomeFor(1));
  const stream = await device.subscribe();
  accepted(await account.change(deviceRevoked, { device: device.owner.key, reason: 'lost' }));
  expect((await stream.closed).reason).toBe('device-revoked');
  expect(codeOf(await device.claim(alice, group.id))).toBe('key-packages-exhausted');
  const claim = { chain: group.id, ciphersuite: 1, device: device.owner.key, credentials: 'bound' } as const;
  expect(await device.object.handOut(claim, alice.key)).toEqual({ kind: 'exhausted', value: {} });
  expect(codeOf(await device.publish(...(await device.keyPackages(1))))).toBe('device-revoked');
  expect(codeOf(await device.object.mailbox(callerOf(device.owner), device.owner.key, 0))).toBe('device-revoked');
  expect(codeOf(await device.postByToken(bob, device.token(), bytesFor('letter', 0, 100)))).toBe('not-found');
  expect(await device.deliver(welcomeFor(2), poke(1, 3))).toEqual(['stored', 'stored']);
  await evictDurableObject(device.stub);
  await device.setClock(T0);
  expect(codeOf(await device.object.stock(callerOf(device.owner), device.owner.key))).toBe('device-revoked');
  expect(await device.countRows('mailbox')).toBe(0);
});

describe('an account that can not be asked', () => {
  it('[NA11] has its devices wait once the lease is over, and nobody else', async () => {
    accepted(await say(phone));
    const restore = await cutOff(account, 'newsFor');
    await group.setClock(T0 + LEASE_MS);
    expect(problemCode(await say(phone, T0 + LEASE_MS))).toBe('unavailable');
    expect(await read(phone)).toBe('unavailable');
    accepted(await say(alice, T0 + LEASE_MS));
    expect(await read(alice)).toBe('read');
    restore();
    expect(await read(phone)).toBe('read');
    accepted(await say(phone, T0 + LEASE_MS));
  });

  it('[NA11] is asked anew by an object that woke up', async () => {
    expect(await read(phone)).toBe('read');
    await cutOff(account, 'newsFor');
    await evictDurableObject(group.stub);
    await group.setClock(T0);
    expect(await read(phone)).toBe('unavailable');
  });

  it('[NA11] leaves a stream without what is new until its reader comes again', async () => {
    const stream = await listen(phone);
    await cutOff(account, 'newsFor');
    await group.setClock(T0 + LEASE_MS);
    accepted(await say(alice, T0 + LEASE_MS));
    expect((await stream.closed).code).toBe(4503);
  });
});

it('[NA12] serves devices of an account all the same while it is asked in good time', async () => {
  const stream = await listen(phone);
  for (const time of [1, 2, 3].map((minutes) => T0 + minutes * LEASE_MS)) {
    await group.setClock(time);
    accepted(await say(alice, time));
  }
  const count = () => stream.frames.flatMap((frame) => (frame.kind === 'entries' ? frame.value.entries : [])).length;
  await vi.waitFor(() => expect(count()).toBe(6), WAIT);
  stream.close();
});
