import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  appendAnswer,
  appendRequest,
  beginReplay,
  chainIdOf,
  chainOrigin,
  decode,
  decodeTrusted,
  encode,
  entryPage,
  equalBytes,
  leafHash,
  memberAdded,
  memberRemoved,
  MemoryHistory,
  openCheckpoint,
  parseEntries,
  publicKeyOf,
  replayEntries,
  replayJobs,
  replayRoot,
  submission,
  toBase64Url,
  utf8ToBytes,
  verifierKeyOf,
  verifyOracle,
  type AppendAnswer,
  type ChainId,
  type EntryPage,
  type ReplayCursor,
  type Submission,
} from '../../../core/index.ts';
import type { ChainObject, RelayEnvironment } from '../../../durable-objects/index.ts';
import type { Answer, Caller } from '../../../relay/index.ts';
import { bytesFor } from '../bytes-for.ts';
import { TestActor, type Seen } from '../../support/test-actor.ts';

const T0 = 1_800_000_000_000;
const RELAY_KEY = publicKeyOf(new Uint8Array(32));
const alice = new TestActor('alice');
const bob = new TestActor('bob');
const mallory = new TestActor('mallory');

let chain: ChainId;
let stub: DurableObjectStub<ChainObject>;
let nextNonce = 0;

function caller(actor: TestActor): Caller {
  return { actor: actor.key, nonce: bytesFor('nonce', nextNonce++, 16), expiresAt: T0 + 60_000 };
}

function value(answer: Answer): Uint8Array {
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.value;
}

/** RPC types of the platform turn a refusal's details into never; the object's own types say what comes back. */
function object(): ChainObject {
  return stub as unknown as ChainObject;
}

async function setClock(time: number): Promise<void> {
  await runInDurableObject(stub, (instance) => {
    (instance as ChainObject).clock = () => time;
  });
}

async function append(...submissions: Submission[]): Promise<AppendAnswer> {
  return decodeTrusted(appendAnswer, value(await object().append(encode(appendRequest, { submissions }))));
}

function problemCode(answer: AppendAnswer, i = 0): string {
  const outcome = answer.outcomes[i];
  if (outcome?.kind !== 'refused') throw new Error('not refused');
  return (JSON.parse(outcome.value.problem) as { code: string }).code;
}

async function page(reader: TestActor, from = 0): Promise<EntryPage> {
  return decodeTrusted(entryPage, value(await object().entries(caller(reader), from, 256)));
}

/** The newest entry as a reader sees it. */
async function head(reader = alice): Promise<Seen> {
  const { entries } = await page(reader);
  const index = entries.length - 1;
  return { index, hash: leafHash(entries[index]?.entry as Uint8Array) };
}

/** Replays everything that a reader gets and compares the root with the checkpoint. */
async function audit(reader: TestActor): Promise<ReplayCursor> {
  const { entries, checkpoint } = await page(reader);
  const batch = parseEntries(entries.map(({ entry }) => entry));
  const verdicts = replayJobs(batch).map(verifyOracle);
  const replayed = replayEntries(beginReplay(chain), batch, verdicts, new MemoryHistory());
  if (!replayed.ok) throw new Error(JSON.stringify(replayed.error));
  const origin = chainOrigin('localhost.terachat', chain);
  const logKey = verifierKeyOf(origin, 'ed25519', RELAY_KEY);
  const opened = openCheckpoint(checkpoint, { origin, logKey, verify: (jobs) => jobs.map(verifyOracle) });
  if (!opened.ok) throw new Error(opened.error.code);
  expect(opened.value.checkpoint.size).toBe(entries.length);
  expect(equalBytes(opened.value.checkpoint.root, replayRoot(replayed.value))).toBe(true);
  return replayed.value;
}

const hello = utf8ToBytes('hello');

beforeEach(async () => {
  const genesis = alice.genesis({}, T0);
  chain = chainIdOf({ tbs: genesis.event, signature: genesis.signature });
  stub = (env as unknown as RelayEnvironment).CHAIN.getByName(toBase64Url(chain));
  await setClock(T0);
  value(await object().found(encode(submission, genesis)));
});

describe('a chain object', () => {
  it('[CH4] refuses a genesis for another relay and stores nothing', async () => {
    const genesis = alice.genesis({ relayName: 'elsewhere.example' }, T0);
    const id = chainIdOf({ tbs: genesis.event, signature: genesis.signature });
    const other = (env as unknown as RelayEnvironment).CHAIN.getByName(toBase64Url(id)) as unknown as ChainObject;
    await runInDurableObject(other as unknown as DurableObjectStub<ChainObject>, (instance) => {
      (instance as ChainObject).clock = () => T0;
    });
    expect(await other.found(encode(submission, genesis))).toEqual({ ok: false, error: { code: 'wrong-relay' } });
    expect(await other.checkpoint(caller(alice))).toEqual({ ok: false, error: { code: 'not-found' } });
  });

  it('[AP12] sequences a batch in order under one checkpoint that an auditor accepts', async () => {
    const seen = await head();
    const messages = Array.from({ length: 70 }, (_, i) => alice.message(chain, seen, T0, bytesFor('payload', i, 500)));
    const answer = await append(...messages);
    expect(answer.outcomes.map((one) => one.kind === 'accepted' && one.value.index)).toEqual(
      messages.map((_, i) => i + 1),
    );
    expect((await audit(alice)).size).toBe(71);
  });

  it('[AP5] answers a retry with its first receipt and other bytes under the same id with a refusal', async () => {
    const seen = await head();
    const eventId = bytesFor('fixed', 1, 16);
    const draft = { chain, seen, time: T0, type: 0x8001, eventId };
    const first = alice.sign({ ...draft, body: utf8ToBytes('one') });
    const once = await append(first);
    const again = await append(first, first);
    expect(again.outcomes).toEqual([once.outcomes[0], once.outcomes[0]]);
    expect(problemCode(await append(alice.sign({ ...draft, body: utf8ToBytes('two') })))).toBe('event-id-reused');
    expect((await audit(alice)).size).toBe(2);
  });

  it('[AP7] refuses the second of two concurrent strict events and hands over what it missed', async () => {
    const seen = await head();
    const add = (actor: TestActor) =>
      alice.sign({
        chain,
        seen,
        time: T0,
        type: memberAdded.type,
        body: memberAdded.encodeBody({ actor: actor.key, role: 'member' }),
      });
    const answer = await append(add(bob), add(mallory));
    expect(answer.outcomes[0]?.kind).toBe('accepted');
    expect(problemCode(answer, 1)).toBe('stale-parent');
    const problem = JSON.parse((answer.outcomes[1]?.value as { problem: string }).problem) as { entries: string[] };
    expect(problem.entries).toEqual([toBase64Url((await page(alice)).entries[1]?.entry as Uint8Array)]);
  });

  it('[AC3] lets strangers see nothing and a removed member only what was theirs', async () => {
    const roster = (definition: typeof memberAdded | typeof memberRemoved, body: Uint8Array, seen: Seen) =>
      alice.sign({ chain, seen, time: T0, type: definition.type, body });
    await append(roster(memberAdded, memberAdded.encodeBody({ actor: bob.key, role: 'member' }), await head()));
    await append(roster(memberRemoved, memberRemoved.encodeBody({ actor: bob.key }), await head()));
    await append(alice.message(chain, await head(), T0, hello));
    expect((await audit(bob)).size).toBe(3);
    expect((await audit(alice)).size).toBe(4);
    expect(await object().entries(caller(mallory), 0, 10)).toEqual({ ok: false, error: { code: 'not-found' } });
    expect(await object().state(caller(bob))).toEqual({ ok: false, error: { code: 'not-found' } });
    const refused = await append(bob.message(chain, await head(bob), T0, hello));
    expect(problemCode(refused)).toBe('actor-removed');
  });

  it('[RQ5] takes a signed request once', async () => {
    const once = caller(alice);
    expect((await object().checkpoint(once)).ok).toBe(true);
    expect(await object().checkpoint(once)).toEqual({ ok: false, error: { code: 'nonce-replayed' } });
  });

  it('[AP6] [AP11] measures an actor against its clock and never lets relay time fall', async () => {
    const seen = await head();
    expect(problemCode(await append(alice.message(chain, seen, T0 + 6 * 60_000, hello)))).toBe('clock-skew');
    await setClock(T0 - 60_000);
    await append(alice.message(chain, seen, T0 - 60_000, hello));
    expect((await audit(alice)).relayTime).toBe(T0);
    await setClock(T0 - 6 * 60_000);
    expect(problemCode(await append(alice.message(chain, seen, T0 - 6 * 60_000, hello)))).toBe('relay-clock-behind');
  });

  it('[PL1] sequences no entry whose payload is missing or another', async () => {
    const seen = await head();
    const message = alice.message(chain, seen, T0, hello);
    expect(problemCode(await append({ ...message, payload: undefined }))).toBe('payload-missing');
    expect(problemCode(await append({ ...message, payload: utf8ToBytes('jello') }))).toBe('payload-mismatch');
    expect((await audit(alice)).size).toBe(1);
  });

  it('[PL3] forgets payloads when their time is up and keeps the entries that prove them', async () => {
    await append(alice.message(chain, await head(), T0, hello));
    const expiry = T0 + 30 * 86_400_000;
    await setClock(expiry - 1);
    expect((await page(alice)).entries[1]?.payload).toEqual(hello);
    await setClock(expiry);
    expect((await page(alice)).entries[1]?.payload).toBeUndefined();
    await runDurableObjectAlarm(stub);
    await runInDurableObject(stub, (_, { storage }) => {
      expect(storage.sql.exec('SELECT count(*) AS n FROM payloads').one()['n']).toBe(0);
    });
    expect((await audit(alice)).size).toBe(2);
  });

  it('[ST3] comes back from eviction with the same state, from a snapshot or without one', async () => {
    const seen = await head();
    for (let batch = 0; batch < 5; batch++) {
      await append(...Array.from({ length: 200 }, (_, i) => alice.message(chain, seen, T0, bytesFor('p', i, 40))));
    }
    const before = value(await object().state(caller(alice)));
    await evictDurableObject(stub);
    await setClock(T0);
    expect(value(await object().state(caller(alice)))).toEqual(before);
    await runInDurableObject(stub, (_, { storage }) => {
      expect(storage.sql.exec('SELECT count(*) AS n FROM snapshots').one()['n']).toBe(1);
      storage.sql.exec(`UPDATE snapshots SET bytes = x'00'`);
    });
    await evictDurableObject(stub);
    await setClock(T0);
    expect(value(await object().state(caller(alice)))).toEqual(before);
    const answer = await append(alice.message(chain, seen, T0, hello));
    expect(answer.outcomes[0]?.kind).toBe('accepted');
  });

  it('[AP1] [AP2] refuses oversized and malformed bodies whole', async () => {
    expect(await object().append(new Uint8Array(5_000_000))).toMatchObject({
      ok: false,
      error: { code: 'body-too-large' },
    });
    expect(await object().append(Uint8Array.of(1, 2, 3))).toMatchObject({ ok: false, error: { code: 'malformed' } });
    expect(decode(appendRequest, Uint8Array.of(0)).ok).toBe(true);
  });
});
