import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  appendAnswer,
  appendRequest,
  chainIdOf,
  commitBundle,
  decodeTrusted,
  encode,
  fromBase64Url,
  leafHash,
  MEDIA_TYPE,
  entryCodec,
  mlsCreated,
  submission,
  toBase64Url,
  type ChainId,
  type Problem,
  type Submission,
} from '../../core/index.ts';
import { limits } from '../../relay/index.ts';
import { startLocalRelay, type LocalRelay } from '../../workers/local.ts';
import { TestActor, type Seen } from '../support/test-actor.ts';
import { signRequest } from './relay/signed-request.ts';

/** Hours, so that no wait of a slow machine gives anything back. */
const variables = {
  ADDRESS_HEADER: 'x-client-address',
  LIMIT_ACTOR_APPENDS: '5/86400',
  LIMIT_REFUSED_EVENTS: '4/86400',
  LIMIT_INVALID_COMMITS: '3/86400',
  LIMIT_ACTOR_REQUESTS: '4/86400',
  LIMIT_TICKETS: '2/86400',
};

let folder: string;
let relay: LocalRelay;
let nextAddress = 1;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limits-'));
  relay = await startLocalRelay({ folder, port: 0, limits: 'deployed', variables });
}, 120_000);

afterAll(async () => {
  await relay.stop();
  await rm(folder, { recursive: true, force: true });
});

/** An address that no other test has used. */
const freshAddress = () => `192.0.2.${nextAddress++}`;

function send(path: string, init: RequestInit, address: string): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('x-client-address', address);
  return fetch(`${relay.url}${path}`, { ...init, headers });
}

function post(path: string, body: Uint8Array, address: string): Promise<Response> {
  return send(path, { method: 'POST', body: new Blob([body]), headers: { 'content-type': MEDIA_TYPE } }, address);
}

async function limitOf(response: Response): Promise<unknown> {
  const problem = (await response.json()) as Problem;
  expect(problem).toMatchObject({ code: 'rate-limited', status: 429 });
  expect(response.status).toBe(429);
  const retryAfter = Number(response.headers.get('retry-after'));
  expect(retryAfter).toBe(Math.ceil(Number(problem['retryAfterMs']) / 1000));
  expect(retryAfter).toBeGreaterThan(0);
  return problem['limit'];
}

class Chain {
  readonly founder: TestActor;
  readonly id: ChainId;
  readonly seen: Seen;

  private constructor(founder: TestActor, genesis: Submission, seen: Seen) {
    this.founder = founder;
    this.id = chainIdOf({ tbs: genesis.event, signature: genesis.signature });
    this.seen = seen;
  }

  static async found(founder: TestActor, membership: 'plain' | 'mls' = 'plain'): Promise<Chain> {
    const checkpointKey = fromBase64Url(relay.publicKey)!;
    const value = { membership, handshakes: 'public', credentials: 'bound', authenticatedData: 'required' } as const;
    const genesis = founder.genesis({ checkpointKey, parameters: { kind: 'group', value } }, Date.now());
    const response = await post('/v1/chains', encode(submission, genesis), freshAddress());
    expect(response.status).toBe(201);
    const { outcomes } = decodeTrusted(appendAnswer, new Uint8Array(await response.arrayBuffer()));
    const [outcome] = outcomes;
    if (outcome?.kind !== 'accepted') throw new Error('not founded');
    const entry = encode(entryCodec, { ...outcome.value, event: genesis.event, signature: genesis.signature });
    return new Chain(founder, genesis, { index: 0, hash: leafHash(entry) });
  }

  path(rest: string): string {
    return `/v1/chains/${toBase64Url(this.id)}/${rest}`;
  }

  message(by = this.founder): Submission {
    return by.message(this.id, this.seen, Date.now(), Uint8Array.of(1));
  }

  append(submissions: readonly Submission[], address: string): Promise<Response> {
    return post(this.path('events'), encode(appendRequest, { submissions }), address);
  }
}

async function outcomesOf(response: Response): Promise<readonly string[]> {
  const { outcomes } = decodeTrusted(appendAnswer, new Uint8Array(await response.arrayBuffer()));
  return outcomes.map((outcome) =>
    outcome.kind === 'refused' ? (JSON.parse(outcome.value.problem) as Problem).code : outcome.kind,
  );
}

describe('A relay with limits', () => {
  test('[LM1] takes of an actor as many events as its limit, refuses the rest one by one, and takes those of others', async () => {
    const chain = await Chain.found(new TestActor('limits: founder'));
    const batch = Array.from({ length: 7 }, () => chain.message());
    const outcomes = await outcomesOf(await chain.append(batch, freshAddress()));
    expect(outcomes).toEqual([...Array<string>(5).fill('accepted'), 'rate-limited', 'rate-limited']);
    expect(await limitOf(await chain.append([chain.message()], freshAddress()))).toBe('actor-appends');
    const stranger = await chain.append([chain.message(new TestActor('limits: stranger'))], freshAddress());
    expect(((await stranger.json()) as Problem).code).toBe('not-permitted');
  });

  test('[LM6] charges what nobody signed to its sender, and not to the actor whose name it bears', async () => {
    const chain = await Chain.found(new TestActor('limits: forged'));
    const forged = () => ({ ...chain.message(), signature: new Uint8Array(64) });
    const attacker = freshAddress();
    const outcomes = await outcomesOf(await chain.append([forged(), forged(), forged(), forged()], attacker));
    expect(outcomes).toEqual(Array(4).fill('bad-signature'));
    expect(await limitOf(await chain.append([chain.message()], attacker))).toBe('refused-events');
    expect((await chain.append([chain.message()], freshAddress())).status).toBe(200);
  });

  test('[LM4] judges no further commit of an actor who sent three that are invalid', async () => {
    const chain = await Chain.found(new TestActor('limits: committer'), 'mls');
    const groupInfo = Uint8Array.of(1, 2, 3);
    const hash = new Uint8Array(32);
    const body = mlsCreated.encodeBody({
      ciphersuite: 1,
      groupInfoHash: hash,
      groupInfoSize: 3,
      treeHash: hash,
    });
    const bundle = () => {
      const draft = { chain: chain.id, seen: chain.seen, time: Date.now(), type: mlsCreated.type, body };
      const { event, signature } = chain.founder.sign(draft);
      const nothing = new Uint8Array();
      return encode(commitBundle, { event, signature, commit: nothing, welcome: nothing, groupInfo, claimTokens: [] });
    };
    const commit = () => post(chain.path('commits'), bundle(), freshAddress());
    for (let i = 0; i < 3; i++) expect(((await (await commit()).json()) as Problem).code).toBe('invalid-handshake');
    expect(await limitOf(await commit())).toBe('invalid-commits');
  });

  test('[LM8] counts signed requests and tickets of an actor before it stores anything', async () => {
    const chain = await Chain.found(new TestActor('limits: reader'));
    const signed = (method: string, rest: string) => {
      const path = chain.path(rest);
      const { headers } = signRequest({ method, path, origin: relay.url }, Date.now(), { seed: chain.founder.seed });
      return send(path, { method, headers }, freshAddress());
    };
    expect((await signed('POST', 'stream')).status).toBe(200);
    expect((await signed('POST', 'stream')).status).toBe(200);
    expect(await limitOf(await signed('POST', 'stream'))).toBe('tickets');
    expect((await signed('GET', 'state')).status).toBe(200);
    expect(await limitOf(await signed('GET', 'state'))).toBe('actor-requests');
  });

  test('[LM7] counts requests by address before it reads them, all but /healthz', async () => {
    const { count } = limits['address-requests'];
    const flooder = '2001:db8:1:2:3:4:5:6';
    const statuses = new Map<number, number>();
    while (!statuses.has(429)) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => send('/nowhere', {}, flooder)));
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    // The counter begins anew with the minute, which may turn in between: more are taken then.
    expect(statuses.get(404)).toBeGreaterThanOrEqual(count);
    expect([...statuses.keys()].sort()).toEqual([404, 429]);
    expect((await send('/healthz', {}, flooder)).status).toBe(200);
    expect((await send('/nowhere', {}, freshAddress())).status).toBe(404);
  });
});
