import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  appendAnswer,
  appendRequest,
  decodeTrusted,
  encode,
  memberAdded,
  sha256,
  submission,
  toBase64Url,
  utf8ToBytes,
} from '../../../core/index.ts';
import type { ChainObject } from '../../../durable-objects/index.ts';
import { LONGEST_WAIT_MS } from '../../../durable-objects/jobs/index.ts';
import { NOTHING_SEEN, TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { callerOf, chainStub, problemCode, T0, TestChain, valueOf } from './test-chain.ts';

const alice = new TestActor('alice');
const bob = new TestActor('bob');
const mallory = new TestActor('mallory');
const hello = utf8ToBytes('hello');

let chain: TestChain;

beforeEach(async () => {
  chain = await TestChain.found(alice);
});

describe('a chain object', () => {
  it('[CH4] refuses a genesis for another relay and stores nothing', async () => {
    const genesis = alice.genesis({ relayName: 'elsewhere.example' }, T0);
    const other = (await chainStub(genesis)) as unknown as ChainObject;
    expect(await other.found(encode(submission, genesis))).toEqual({ ok: false, error: { code: 'wrong-relay' } });
    expect(await other.checkpoint(callerOf(alice))).toEqual({ ok: false, error: { code: 'not-found' } });
  });

  it('[AP12] sequences a batch in order under one checkpoint that an auditor accepts', async () => {
    const seen = await chain.head();
    const messages = Array.from({ length: 70 }, (_, i) =>
      alice.message(chain.id, seen, T0, bytesFor('payload', i, 500)),
    );
    const answer = await chain.append(...messages);
    expect(answer.outcomes.map((one) => one.kind === 'accepted' && one.value.index)).toEqual(
      messages.map((_, i) => i + 1),
    );
    expect((await chain.audit()).size).toBe(71);
  });

  it('[AP5] answers a retry with its first receipt and other bytes under the same id with a refusal', async () => {
    const seen = await chain.head();
    const eventId = bytesFor('fixed', 1, 16);
    const draft = { chain: chain.id, seen, time: T0, type: 0x8001, eventId };
    const first = alice.sign({ ...draft, body: utf8ToBytes('one') });
    const once = await chain.append(first);
    const again = await chain.append(first, first);
    expect(again.outcomes).toEqual([once.outcomes[0], once.outcomes[0]]);
    expect(problemCode(await chain.append(alice.sign({ ...draft, body: utf8ToBytes('two') })))).toBe('event-id-reused');
    expect((await chain.audit()).size).toBe(2);
  });

  it('[AP7] [AP13] refuses the second of two concurrent strict events and hands over what it missed', async () => {
    const seen = await chain.head();
    const add = (actor: TestActor) =>
      alice.sign({
        chain: chain.id,
        seen,
        time: T0,
        type: memberAdded.type,
        body: memberAdded.encodeBody({ actor: actor.key, role: 'member' }),
      });
    const answer = await chain.append(add(bob), add(mallory));
    expect(answer.outcomes[0]?.kind).toBe('accepted');
    expect(problemCode(answer, 1)).toBe('stale-parent');
    const problem = JSON.parse((answer.outcomes[1]?.value as { problem: string }).problem) as { entries: string[] };
    expect(problem.entries).toEqual([toBase64Url((await chain.page(alice)).entries[1]?.entry as Uint8Array)]);
  });

  it('[AC3] lets strangers see nothing and a removed member only what was theirs', async () => {
    await chain.add(bob);
    await chain.remove(bob);
    await chain.append(alice.message(chain.id, await chain.head(), T0, hello));
    expect((await chain.audit(bob)).size).toBe(3);
    expect((await chain.audit()).size).toBe(4);
    expect(await chain.object.entries(callerOf(mallory), 0, 10)).toEqual({ ok: false, error: { code: 'not-found' } });
    expect(await chain.object.state(callerOf(bob))).toEqual({ ok: false, error: { code: 'not-found' } });
    const refused = await chain.append(bob.message(chain.id, await chain.head(bob), T0, hello));
    expect(problemCode(refused)).toBe('actor-removed');
  });

  it('[WI6] [AC3] tells how long the log is only to those whose event was sequenced, and as far as that', async () => {
    const sizeOf = (checkpoint: string) => checkpoint.split('\n')[1];
    await chain.add(bob);
    const said = bob.message(chain.id, await chain.head(bob), T0, hello);
    await chain.append(said);
    await chain.remove(bob);
    const stranger = () => mallory.message(chain.id, NOTHING_SEEN, T0, hello);
    expect(await chain.append()).toEqual({ outcomes: [], checkpoint: '' });
    expect((await chain.append(stranger(), stranger())).checkpoint).toBe('');
    const again = await chain.append(said, stranger());
    expect(again.outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'refused']);
    expect(sizeOf(again.checkpoint)).toBe('3');
    const founded = decodeTrusted(appendAnswer, valueOf(await chain.object.found(encode(submission, chain.genesis))));
    expect(sizeOf(founded.checkpoint)).toBe('1');
    const fresh = await chain.append(alice.message(chain.id, await chain.head(), T0, hello), said);
    expect(sizeOf(fresh.checkpoint)).toBe('5');
  });

  it('[RQ5] takes a signed request once', async () => {
    const once = callerOf(alice);
    expect((await chain.object.checkpoint(once)).ok).toBe(true);
    expect(await chain.object.checkpoint(once)).toEqual({ ok: false, error: { code: 'nonce-replayed' } });
  });

  it('[AP6] [AP11] measures an actor against its clock and never lets relay time fall', async () => {
    const seen = await chain.head();
    expect(problemCode(await chain.append(alice.message(chain.id, seen, T0 + 6 * 60_000, hello)))).toBe('clock-skew');
    await chain.setClock(T0 - 60_000);
    await chain.append(alice.message(chain.id, seen, T0 - 60_000, hello));
    expect((await chain.audit()).relayTime).toBe(T0);
    await chain.setClock(T0 - 6 * 60_000);
    expect(problemCode(await chain.append(alice.message(chain.id, seen, T0 - 6 * 60_000, hello)))).toBe(
      'relay-clock-behind',
    );
  });

  it('[PL1] sequences no entry whose payload is missing or another', async () => {
    const seen = await chain.head();
    const message = alice.message(chain.id, seen, T0, hello);
    expect(problemCode(await chain.append({ ...message, payload: undefined }))).toBe('payload-missing');
    expect(problemCode(await chain.append({ ...message, payload: utf8ToBytes('jello') }))).toBe('payload-mismatch');
    expect((await chain.audit()).size).toBe(1);
  });

  it('[PL2] gives a payload by its hash to those who may read its entry', async () => {
    await chain.add(bob);
    await chain.remove(bob);
    await chain.append(alice.message(chain.id, await chain.head(), T0, hello));
    const nothing = { ok: false, error: { code: 'not-found' } };
    expect(await chain.object.payload(callerOf(alice), sha256(hello))).toEqual({ ok: true, value: hello });
    expect(await chain.object.payload(callerOf(bob), sha256(hello))).toEqual(nothing);
    expect(await chain.object.payload(callerOf(mallory), sha256(hello))).toEqual(nothing);
    expect(await chain.object.payload(callerOf(alice), sha256(utf8ToBytes('other')))).toEqual(nothing);
  });

  it('[AP13] quotes the log once a batch, however many events of it are stale', async () => {
    const seen = await chain.head();
    const draft = { chain: chain.id, seen, time: T0, type: memberAdded.type };
    const adds = [bob, mallory, new TestActor('carol'), new TestActor('dave')].map(({ key }) =>
      alice.sign({ ...draft, body: memberAdded.encodeBody({ actor: key, role: 'member' }) }),
    );
    const { outcomes } = await chain.append(...adds);
    const quotes = outcomes
      .slice(1)
      .map(({ value }) => (JSON.parse((value as { problem: string }).problem) as { entries?: [] }).entries?.length);
    expect(quotes).toEqual([1, undefined, undefined]);
  });

  it('[PL3] forgets payloads when their time is up and keeps the entries that prove them', async () => {
    await chain.append(alice.message(chain.id, await chain.head(), T0, hello));
    const expiry = T0 + 30 * 86_400_000;
    await chain.setClock(expiry - 1);
    expect((await chain.page(alice)).entries[1]?.payload).toEqual(hello);
    const hash = sha256(hello);
    expect(await chain.object.payload(callerOf(alice), hash)).toEqual({ ok: true, value: hello });
    await chain.setClock(expiry);
    expect((await chain.page(alice)).entries[1]?.payload).toBeUndefined();
    expect(await chain.object.payload(callerOf(alice), hash)).toEqual({
      ok: false,
      error: { code: 'payload-expired' },
    });
    await runDurableObjectAlarm(chain.stub);
    expect(await chain.object.payload(callerOf(alice), hash)).toEqual({ ok: false, error: { code: 'not-found' } });
    await runInDurableObject(chain.stub, (_, { storage }) => {
      expect(storage.sql.exec('SELECT count(*) AS n FROM payloads').one()['n']).toBe(0);
    });
    expect((await chain.audit()).size).toBe(2);
  });

  it('[AP12] [PL3] after a write that failed answers, goes on, and still forgets payloads in time', async () => {
    const { stub, object } = chain;
    await chain.add(bob);
    await chain.page(bob);
    const said = alice.message(chain.id, await chain.head(), T0, hello);
    const body = encode(appendRequest, { submissions: [said] });
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec(`CREATE TRIGGER broken BEFORE INSERT ON pokes BEGIN SELECT raise(ABORT, 'disk'); END`);
    });
    expect(await object.append(body)).toEqual({ ok: false, error: { code: 'unavailable' } });
    await runInDurableObject(stub, (_, { storage }) => void storage.sql.exec('DROP TRIGGER broken'));
    expect((await chain.append(said)).outcomes[0]).toMatchObject({ kind: 'accepted', value: { index: 2 } });
    await runInDurableObject(stub, (_, { storage }) => {
      expect(storage.sql.exec(`SELECT due_at FROM jobs WHERE kind = 'expiry'`).toArray()).toEqual([
        // Its 30 days are looked for once a week.
        { due_at: T0 + LONGEST_WAIT_MS },
      ]);
    });
  });

  it('[ST3] comes back from eviction with the same state, from a snapshot or without one', async () => {
    const seen = await chain.head();
    for (let batch = 0; batch < 5; batch++) {
      await chain.append(
        ...Array.from({ length: 200 }, (_, i) => alice.message(chain.id, seen, T0, bytesFor('p', i, 40))),
      );
    }
    const before = valueOf(await chain.object.state(callerOf(alice)));
    await evictDurableObject(chain.stub);
    await chain.setClock(T0);
    expect(valueOf(await chain.object.state(callerOf(alice)))).toEqual(before);
    await runInDurableObject(chain.stub, (_, { storage }) => {
      expect(storage.sql.exec('SELECT count(*) AS n FROM snapshots').one()['n']).toBe(1);
      storage.sql.exec(`UPDATE snapshots SET bytes = x'00'`);
    });
    await evictDurableObject(chain.stub);
    await chain.setClock(T0);
    expect(valueOf(await chain.object.state(callerOf(alice)))).toEqual(before);
    const answer = await chain.append(alice.message(chain.id, seen, T0, hello));
    expect(answer.outcomes[0]?.kind).toBe('accepted');
  });

  it('[AP1] [AP2] refuses oversized and malformed bodies whole', async () => {
    expect(await chain.object.append(new Uint8Array(5_000_000))).toMatchObject({
      ok: false,
      error: { code: 'body-too-large' },
    });
    expect(await chain.object.append(Uint8Array.of(1, 2, 3))).toMatchObject({
      ok: false,
      error: { code: 'malformed' },
    });
  });
});
