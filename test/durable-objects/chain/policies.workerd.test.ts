import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, expect, test, vi } from 'vitest';
import {
  decodeTrusted,
  DEFAULT_POLICY_FUEL,
  encode,
  entryCodec,
  meterModule,
  modulePublished,
  moduleSubmission,
  parseState,
  policyBound,
  policyRecorded,
  publicKeyOf,
  registrySynced,
  sha256,
  stateAnswer,
  submission,
  type EventDefinition,
  type PolicyBatch,
  type PolicyExecutor,
  type Submission,
} from '../../../core/index.ts';
import type { ChainObject, RelayEnvironment } from '../../../durable-objects/index.ts';
import { openRecalling } from '../../../durable-objects/chain/open-recalling.ts';
import { PolicyStateStore } from '../../../durable-objects/chain/store/policy-state.ts';
import { checkpointKeyOf, claimTokenKeyOf, relayActorOf } from '../../../durable-objects/platform/environment.ts';
import { BoundedExecutor } from '../../../durable-objects/policy/bounded-executor.ts';
import { bundledExecutor } from '../../../durable-objects/policy/bundled-policies.ts';
import { IsolateExecutor } from '../../../durable-objects/policy/policy-isolate.ts';
import { LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import {
  ada,
  ben,
  publicationOf,
  registrar,
  registryGenesis,
  rootOf,
} from '../../../scripts/vectors/sample-registry.ts';
import { END, assemble, i64, policyApplying } from '../../core/policy/assembler.ts';
import { verified } from '../../core/policy/verified.ts';
import { factsOf } from '../../support/account-log.ts';
import { tallyOf } from '../../support/tally-policy.ts';
import { TestActor } from '../../support/test-actor.ts';
import { callerOf, chainStub, problemCode, T0, TestChain, valueOf } from './test-chain.ts';

const { POLICY_LOADER } = env as unknown as RelayEnvironment;
const relay = { seed: new Uint8Array(32), key: publicKeyOf(new Uint8Array(32)) };
const VALID = { notBefore: T0 - 1_000, expiresAt: T0 + 86_400_000 };
const tally = tallyOf(1);
const endless = assemble(policyApplying([0x03, 0x40, 0x0c, 0, END, i64(1)])).bytes;
const modules = new Map([tally, endless].map((bytes) => [sha256(bytes).join(), meterModule(verified(bytes))]));

let registry: LogBuilder;
let nextFounder = 0;

beforeAll(async () => {
  const root = rootOf([ada, ben], { expiresAt: T0 + 86_400_000 });
  const pinned = { relayName: 'localhost.terachat', checkpointKey: relay.key };
  registry = new LogBuilder(registrar, registryGenesis(root, pinned), { isSigned: true });
  registry.time = T0;
  for (const [i, bytes] of [tally, endless].entries()) {
    const fields = {
      ...VALID,
      name: `policy-${i}`,
      hash: sha256(bytes),
      size: bytes.length,
      fuel: DEFAULT_POLICY_FUEL,
    };
    registry.append(registrar, modulePublished, publicationOf(registry, [ada, ben], fields));
  }
  await keepRegistry();
});

/** The same entries in an object, since a group asks its registry before its policy decides (`PB14`). */
async function keepRegistry(): Promise<void> {
  const [genesis, ...published] = registry.entries.map((entry) => decodeTrusted(entryCodec, entry));
  if (genesis === undefined) throw new Error('a chain has a genesis');
  const founding = { event: genesis.event, signature: genesis.signature, payload: undefined };
  const stub = await chainStub(founding);
  const object = stub as unknown as ChainObject;
  const setClock = (time: number) =>
    runInDurableObject(stub, (instance) => {
      instance.clock = () => time;
    });
  await setClock(genesis.relayTime);
  valueOf(await object.found(encode(submission, founding)));
  await setClock(T0);
  for (const [i, { event, signature }] of published.entries()) {
    const module = [tally, endless][i] as Uint8Array;
    valueOf(await object.publish(encode(moduleSubmission, { event, signature, module })));
  }
}

/** Runs what it is given in isolates, and can be told to fail. */
class Isolates implements PolicyExecutor {
  readonly batches: number[] = [];
  isLost = false;
  readonly #isolates = new IsolateExecutor(POLICY_LOADER as WorkerLoader, async (hash) => modules.get(hash.join())!);

  async decide(module: Uint8Array, batch: PolicyBatch) {
    if (this.isLost) throw new Error('the isolate is lost');
    this.batches.push(batch.events.length);
    return this.#isolates.decide(module, batch);
  }

  migrate(module: Uint8Array, call: Pick<PolicyBatch, 'state' | 'fuel'>) {
    return this.#isolates.migrate(module, call);
  }
}

/** A group in a real object, with a policy in force that runs in a real isolate. */
async function groupWith(bytes: Uint8Array): Promise<{ chain: TestChain; isolates: Isolates }> {
  const chain = await TestChain.found(new TestActor(`owner ${nextFounder++} of a policy`));
  const isolates = new Isolates();
  await runInDurableObject(chain.stub, (instance) => {
    instance.policies = isolates;
  });
  await change(chain, registrySynced, { registry: registry.chain, facts: factsOf(registry, { signer: relay }) });
  const binding = { registry: registry.chain, module: sha256(bytes), guards: [] };
  await change(chain, policyBound, { binding });
  return { chain, isolates };
}

async function change<Body>(chain: TestChain, definition: EventDefinition<Body>, body: Body): Promise<void> {
  const answer = await chain.change(definition, body);
  if (answer.outcomes[0]?.kind !== 'accepted') throw new Error(problemCode(answer));
}

async function recordsOf(chain: TestChain, bytes: readonly number[]): Promise<Submission[]> {
  const seen = await chain.head();
  return bytes.map((byte) => {
    const body = policyRecorded.encodeBody({ content: Uint8Array.of(byte) });
    return chain.founder.sign({ chain: chain.id, seen, time: T0, type: policyRecorded.type, body });
  });
}

async function policyStateOf(chain: TestChain): Promise<readonly number[] | undefined> {
  const answer = valueOf(await chain.object.state(callerOf(chain.founder)));
  const state = parseState(decodeTrusted(stateAnswer, answer).state);
  return state?.kind === 'group' && state.value.policy !== undefined ? [...state.value.policy.state] : undefined;
}

test('[PX8, PX9] a policy decides in its isolate over what arrives in one request, in one call', async () => {
  const { chain, isolates } = await groupWith(tally);
  const answer = await chain.append(...(await recordsOf(chain, [1, 0, 2, 255, 3])));
  expect(answer.outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'refused', 'accepted', 'refused', 'accepted']);
  expect([problemCode(answer, 1), problemCode(answer, 3)]).toEqual(['policy-rejected', 'policy-stopped']);
  expect(isolates.batches).toEqual([5]);
  expect(await policyStateOf(chain)).toEqual([1, 2, 3]);
});

test('[ST3] an object that wakes knows what its policy left, and does not ask it', async () => {
  const { chain, isolates } = await groupWith(tally);
  expect(await policyStateOf(chain)).toEqual([]);
  await evictDurableObject(chain.stub);
  await chain.setClock(T0);
  expect(await policyStateOf(chain)).toEqual([]);
  await runInDurableObject(chain.stub, (instance) => {
    instance.policies = isolates;
  });
  await chain.append(...(await recordsOf(chain, [1, 2])));
  await chain.append(...(await recordsOf(chain, [3])));
  await evictDurableObject(chain.stub);
  await chain.setClock(T0);
  expect(await policyStateOf(chain)).toEqual([1, 2, 3]);
});

test('[ST3] a policy whose kept state is damaged is asked again about the log, and a chain opens only if it can be', async () => {
  const { chain, isolates } = await groupWith(tally);
  await chain.append(...(await recordsOf(chain, [1, 2])));
  await chain.append(...(await recordsOf(chain, [3])));
  const incident = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  await runInDurableObject(chain.stub, async (instance, ctx) => {
    const relayEnv = env as unknown as RelayEnvironment;
    const [key, claimTokenKey, actor] = [
      checkpointKeyOf(relayEnv)!,
      claimTokenKeyOf(relayEnv)!,
      relayActorOf(relayEnv)!,
    ];
    const { clock, cluster } = instance;
    const secrets = { key, claimTokenKey: claimTokenKey.publicKey, actor };
    const options = { ctx, env: relayEnv, clock, cluster, policies: isolates, chain: chain.id, ...secrets };
    const kept = new PolicyStateStore(ctx.storage.sql);
    const before = kept.read();
    expect(before?.state).toEqual(Uint8Array.of(1, 2, 3));
    ctx.storage.sql.exec("UPDATE policy_state SET state = x'010204'");

    isolates.isLost = true;
    await expect(openRecalling(options)).rejects.toThrow('the isolate is lost');
    expect(kept.read()).toBeUndefined();
    isolates.isLost = false;
    isolates.batches.length = 0;
    const { state } = (await openRecalling(options)).head;
    expect(state.kind === 'group' && state.value.policy?.state).toEqual(Uint8Array.of(1, 2, 3));
    expect(isolates.batches.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(kept.read()).toEqual(before);
  });
  expect(String(incident.mock.calls[0]?.[0])).toContain('policy-state-lost');
  incident.mockRestore();
  await evictDurableObject(chain.stub);
  await chain.setClock(T0);
  expect(await policyStateOf(chain)).toEqual([1, 2, 3]);
});

test('[PX9] a policy that can not be asked decides nothing, and what was sent can be sent again', async () => {
  const { chain, isolates } = await groupWith(tally);
  isolates.isLost = true;
  const records = await recordsOf(chain, [1, 2]);
  const answer = await chain.append(...records);
  expect([problemCode(answer, 0), problemCode(answer, 1)]).toEqual(['policy-undecided', 'policy-undecided']);
  isolates.isLost = false;
  expect((await chain.append(...records)).outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
  expect(await policyStateOf(chain)).toEqual([1, 2]);
});

test('[PX9] what arrives while a policy decides waits for the next flush, and nothing is lost or doubled', async () => {
  const { chain } = await groupWith(tally);
  const bytes = Array.from({ length: 120 }, (_, i) => i + 1);
  const records = await recordsOf(chain, bytes);
  const answers = await Promise.all(records.map((record) => chain.append(record)));
  expect(answers.every(({ outcomes: [outcome] }) => outcome?.kind === 'accepted')).toBe(true);
  expect((await policyStateOf(chain))?.toSorted((a, b) => a - b)).toEqual(bytes);
});

test('[FU4, PX9] an endless loop is stopped, and the chain goes on', async () => {
  const { chain } = await groupWith(endless);
  const answer = await chain.append(...(await recordsOf(chain, [1, 2])));
  expect([problemCode(answer, 0), problemCode(answer, 1)]).toEqual(['policy-stopped', 'policy-stopped']);
  await change(chain, policyBound, { binding: undefined });
  expect(await policyStateOf(chain)).toBeUndefined();
});

test('[PX9] an object has no more than two calls under way', async () => {
  let [inFlight, most] = [0, 0];
  const slow: PolicyExecutor = {
    decide: async () => {
      most = Math.max(most, ++inFlight);
      await Promise.resolve();
      await Promise.resolve();
      inFlight--;
      return [];
    },
    migrate: () => Promise.reject(new Error('lost')),
  };
  const bounded = new BoundedExecutor(slow);
  const [module, batch] = [new Uint8Array(32), { state: new Uint8Array(), events: [], fuel: 1 }];
  const calls = Array.from({ length: 9 }, (_, i) =>
    i === 4 ? bounded.migrate(module, batch).catch(() => []) : bounded.decide(module, batch),
  );
  expect(await Promise.all(calls)).toHaveLength(9);
  expect([most, inFlight]).toEqual([2, 0]);
});

test('[PX10] a deployment without a loader runs no policy that it was not given', async () => {
  const batch = { state: new Uint8Array(), events: [], fuel: 1 };
  await expect(bundledExecutor.decide(sha256(tally), batch)).rejects.toThrow('was not given');
});
