import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { problemOf, problems } from '../../core/index.ts';
import {
  memoryStorage,
  type Fetch,
  type Group,
  type ProblemCode,
  type Session,
  type Storage,
} from '../../sdk/index.ts';
import { soleInvitation, Stage, textsOf } from './stage.ts';

let stage: Stage;
let alice: Session;

beforeAll(async () => {
  stage = await Stage.share();
  alice = await stage.person();
});

afterAll(() => stage.strike());

/** Holds up the next request to a path that ends like this, until it is let through, or refused. */
class Gate {
  reached = Promise.resolve();
  #opened: Promise<ProblemCode | undefined> = Promise.resolve(undefined);
  #reach = (): void => undefined;
  #open: (refusal: ProblemCode | undefined) => void = () => undefined;
  #end: string | undefined;

  close(end: string): void {
    this.reached = new Promise((resolve) => (this.#reach = resolve));
    this.#opened = new Promise((resolve) => (this.#open = resolve));
    this.#end = end;
  }

  open(refusal?: ProblemCode): void {
    this.#open(refusal);
  }

  readonly fetch: Fetch = async (url, init) => {
    if (this.#end === undefined || !new URL(url).pathname.endsWith(this.#end)) return fetch(url, init);
    this.#end = undefined;
    const opened = this.#opened;
    this.#reach();
    const refusal = await opened;
    if (refusal === undefined) return fetch(url, init);
    const headers = { 'content-type': 'application/problem+json' };
    return new Response(JSON.stringify(problemOf({ code: refusal })), { status: problems[refusal].status, headers });
  };
}

let storage: Storage;
let gate: Gate;
let otherGate: Gate;
let other: Session;
let hers: Group;
/** One person's group, in two processes on one storage. */
let his: Group;
let hisToo: Group;

beforeEach(async () => {
  [gate, otherGate, storage] = [new Gate(), new Gate(), memoryStorage()];
  const bob = await stage.connect(storage, stage.relay.url, { fetch: gate.fetch });
  await bob.createIdentity();
  hers = await alice.createGroup();
  await hers.invite(bob.identity!.actor);
  his = await (await soleInvitation(bob)).accept();
  other = await stage.connect(storage, stage.relay.url, { fetch: otherGate.fetch });
  hisToo = await other.group(hers.id);
});

describe('an outbox of two processes', () => {
  test('[CL19] who waits for a message learns that the other one took it back', async () => {
    gate.close('/entries');
    const sending = his.send('never mind');
    await gate.reached;
    const [message] = await hisToo.pending();
    expect(await hisToo.cancel(message!.eventId)).toBe(true);
    gate.open();
    await expect(sending).rejects.toMatchObject({ code: 'message-cancelled' });
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual([]);
  });

  test('[CL19] what failed in the other one is tried by who waits for it', async () => {
    gate.close('/entries');
    const sending = his.send('all the same');
    await gate.reached;
    otherGate.close('/entries');
    const trying = other.inbox();
    await otherGate.reached;
    otherGate.open('not-permitted');
    await trying;
    expect(await hisToo.pending()).toMatchObject([{ state: { kind: 'failed', code: 'not-permitted' } }]);
    gate.open();
    await sending;
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['all the same']);
  });

  test('[CL18] each of them keeps what it writes in its order, however the other one writes meanwhile', async () => {
    gate.close('/entries');
    otherGate.close('/entries');
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`);
    await Promise.all(texts.flatMap((text) => [his.post(`a ${text}`), hisToo.post(`b ${text}`)]));
    const kept = (await his.pending()).map(({ text = '' }) => text);
    gate.open();
    otherGate.open();
    expect(kept.filter((text) => text.startsWith('a'))).toEqual(texts.map((text) => `a ${text}`));
    expect(kept.filter((text) => text.startsWith('b'))).toEqual(texts.map((text) => `b ${text}`));
  });

  test('[CL18] nothing overtakes what the other one is sending, though it had not left when this one looked', async () => {
    gate.close('/entries');
    await his.post('first');
    await gate.reached;
    otherGate.close('/entries');
    await hisToo.post('second');
    await otherGate.reached;
    gate.open();
    gate.close('/events');
    await gate.reached;
    otherGate.open();
    await other.inbox();
    gate.open();
    await expect.poll(() => his.pending()).toEqual([]);
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['first', 'second']);
  });

  test('[CL18] what the other one has sent by now is not failed by an older refusal', async () => {
    gate.close('/entries');
    const sending = his.send('once');
    await gate.reached;
    otherGate.close('/events');
    const sendingToo = other.inbox();
    await otherGate.reached;
    gate.open('not-permitted');
    await sending;
    otherGate.open();
    await sendingToo;
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['once']);
    expect(await his.pending()).toEqual([]);
  });
});
