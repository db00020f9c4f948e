import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  decodeTrusted,
  deviceAdded,
  deviceRenamed,
  deviceRevoked,
  parseState,
  possessionContent,
  recoveryCancelled,
  recoverySet,
  recoveryStarted,
  signEd25519,
  stateAnswer,
  stateDigest,
  ticketAnswer,
  toBase64Url,
  type AppendAnswer,
  type EventDefinition,
  type KeyPurpose,
} from '../../../core/index.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { ChainPeer } from '../chain-peer.ts';
import { callerOf, problemCode, replayUnder, T0, TestChain, valueOf } from './test-chain.ts';

const [alice, phone, laptop, paper, mallory] = ['alice', 'phone', 'laptop', 'paper', 'mallory'].map(
  (name) => new TestActor(name),
) as [TestActor, TestActor, TestActor, TestActor, TestActor];
const ORIGIN = 'https://app.example';

let account: TestChain;
let nextEvent = 0;

beforeEach(async () => {
  account = await TestChain.found(alice, { parameters: { kind: 'identity', value: {} } });
  await append(alice, deviceAdded, (id) => ({ device: phone.key, name: 'phone', proof: proof(phone, 'device', id) }));
});

function proof({ seed, key }: TestActor, purpose: KeyPurpose, id: Uint8Array): Uint8Array {
  return signEd25519(seed, possessionContent(purpose, { chain: account.id, eventId: id, key }));
}

/** Over the newest entry; the body may need the event's id. */
async function append<Body>(
  actor: TestActor,
  { type, encodeBody }: EventDefinition<Body>,
  bodyOf: (eventId: Uint8Array) => Body,
): Promise<AppendAnswer> {
  const eventId = bytesFor('event of an account', nextEvent++, 16);
  const body = encodeBody(bodyOf(eventId));
  return account.append(actor.sign({ chain: account.id, seen: await account.head(), time: T0, type, body, eventId }));
}

const revocationOf = (device: TestActor) => () => ({ device: device.key, reason: 'lost' }) as const;

async function subscribe(actor: TestActor): Promise<ChainPeer> {
  const headers = { upgrade: 'websocket', origin: ORIGIN };
  const response = await account.stub.fetch('https://relay/stream', { headers });
  const peer = new ChainPeer(response.webSocket as WebSocket);
  const { ticket } = decodeTrusted(ticketAnswer, valueOf(await account.object.ticket(callerOf(actor), ORIGIN)));
  peer.send({ kind: 'open', value: { ticket, cursor: 0 } });
  await peer.until(({ kind }) => kind === 'caughtUp');
  return peer;
}

/** The paper key stands, and brings the laptop. Returns the index of that entry. */
async function beginRecovery(): Promise<number> {
  await append(alice, recoverySet, (id) => ({
    recovery: { key: paper.key, waitingMs: 60_000, proof: proof(paper, 'recovery', id) },
  }));
  await append(paper, recoveryStarted, (id) => ({
    device: laptop.key,
    name: 'laptop',
    proof: proof(laptop, 'device', id),
  }));
  return (await account.head()).index;
}

function poked(): Promise<string[]> {
  return runInDurableObject(account.stub, (_, { storage }) =>
    [...storage.sql.exec('SELECT recipient FROM pokes').raw<[ArrayBuffer]>()].map(([recipient]) =>
      toBase64Url(new Uint8Array(recipient)),
    ),
  );
}

describe('an account in its object', () => {
  it('[ID2, ID6] takes in a device, ends it, and tells a stranger nothing', async () => {
    const renamed = () => ({ device: phone.key, name: 'old phone' });
    expect((await append(phone, deviceRenamed, renamed)).outcomes[0]?.kind).toBe('accepted');
    expect(problemCode(await append(mallory, deviceRenamed, renamed))).toBe('not-permitted');
    await append(alice, deviceRevoked, revocationOf(phone));
    expect(problemCode(await append(phone, deviceRenamed, renamed))).toBe('actor-removed');
    expect(await account.object.entries(callerOf(mallory), 0, 10)).toMatchObject({ error: { code: 'not-found' } });
    expect((await account.audit()).size).toBe(4);
    expect((await account.audit(phone)).size).toBe(4);
    await append(alice, deviceRenamed, () => ({ device: alice.key, name: 'desk' }));
    expect((await account.audit(phone)).size).toBe(4);
    expect(await account.object.state(callerOf(phone))).toMatchObject({ error: { code: 'not-found' } });
  });

  it('[AC4] closes the stream of a revoked device with its revocation, and no other', async () => {
    const [gone, stays] = [await subscribe(phone), await subscribe(alice)];
    await append(alice, deviceRevoked, revocationOf(phone));
    expect((await gone.closed).reason).toBe('actor-removed');
    expect(replayUnder(account.id, gone.entries(), gone.checkpoint()).size).toBe(3);
    await append(alice, deviceRenamed, () => ({ device: alice.key, name: 'desk' }));
    await stays.untilSize(4);
    expect(replayUnder(account.id, stays.entries(), stays.checkpoint()).size).toBe(4);
  });

  it('[AC3, AC4] lets a device read that is to be recovered, until that is cancelled', async () => {
    const index = await beginRecovery();
    const [waiting, recovering] = [await subscribe(laptop), await subscribe(paper)];
    await append(phone, recoveryCancelled, () => ({ index }));
    expect((await waiting.closed).code).toBe(4403);
    await recovering.untilSize(5);
    await append(phone, recoverySet, () => ({ recovery: undefined }));
    expect((await recovering.closed).code).toBe(4403);
  });

  it('[OB5] pokes the devices that are away: who must object to a recovery has to hear of it', async () => {
    expect(await poked()).toEqual([toBase64Url(phone.key)]);
    await beginRecovery();
    expect((await poked()).sort()).toEqual([alice, phone].map(({ key }) => toBase64Url(key)).sort());
  });

  it('[ST3, ST4] is the same after it was evicted, whose waiting periods are those of the log', async () => {
    await beginRecovery();
    const before = valueOf(await account.object.state(callerOf(alice)));
    await evictDurableObject(account.stub);
    await account.setClock(T0 + 120_000);
    const { state, digest } = decodeTrusted(stateAnswer, valueOf(await account.object.state(callerOf(alice))));
    expect(state).toEqual(decodeTrusted(stateAnswer, before).state);
    expect(digest).toEqual(stateDigest(parseState(state)!));
  });
});
