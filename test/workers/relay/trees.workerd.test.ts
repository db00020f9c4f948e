import { env, exports } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeTrusted, eventTbs, mlsCommit, toBase64Url, type CommitBundle } from '../../../core/index.ts';
import { parseRatchetTree } from '../../../core/mls/index.ts';
import type { RelayEnvironment } from '../../../durable-objects/index.ts';
import { ed25519Signer } from '../../../durable-objects/platform/ed25519.ts';
import { treeOf, valueOf } from '../../sdk/mls/people.ts';
import { InhabitedRelay } from '../../support/inhabited-relay.ts';
import { chainPath, RelayCaller } from '../../support/relay-caller.ts';
import type { TestActor } from '../../support/test-actor.ts';
import { documentedFetch } from './documented-fetch.ts';
import { RELAY_URL } from './signed-request.ts';

// The first request of a file waits for the whole worker to be compiled.
const { default: worker } = exports as unknown as { readonly default: Fetcher };
const { CHAIN } = env as unknown as RelayEnvironment;

/** Carol was let in with Bob by the commit that began epoch 1, and out by the one that began epoch 2. */
let relay: InhabitedRelay;
beforeAll(async () => {
  const fetch = documentedFetch((request) => worker.fetch(request));
  const sign = (seed: Uint8Array, message: Uint8Array): Uint8Array => ed25519Signer(seed)(message);
  const connect = (): never => {
    throw new Error('nobody streams here');
  };
  relay = await InhabitedRelay.inhabit(new RelayCaller({ url: RELAY_URL, fetch, connect, sign }), new Uint8Array(32));
});

function hashOf(tree: Uint8Array): Uint8Array {
  return valueOf(parseRatchetTree(tree)).hash;
}

async function read(reader: TestActor, treeHash: Uint8Array): Promise<Response> {
  const { caller, encrypted } = relay;
  return caller.fetch(caller.signed(reader, { path: chainPath(encrypted, `trees/${toBase64Url(treeHash)}`) }));
}

async function answerTo(reader: TestActor, tree: Uint8Array): Promise<Uint8Array | number> {
  const response = await read(reader, hashOf(tree));
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : response.status;
}

describe('A tree', () => {
  test('[ML92] is given by its hash to those who are or were in its epoch', async () => {
    const { alice, bob, carol, mallory, state, pastState } = relay;
    const [former, current] = [treeOf(pastState), treeOf(state)];
    for (const member of [alice, bob]) {
      expect(await answerTo(member, former)).toEqual(former);
      expect(await answerTo(member, current)).toEqual(current);
    }
    expect(await answerTo(carol, former)).toEqual(former);
    expect(await answerTo(carol, current)).toBe(404);
    expect(await answerTo(mallory, current)).toBe(404);
  });

  test('[ML91] is stored once, and not beside a GroupInfo that holds it', async () => {
    const { alice, bob, encrypted } = relay;
    const kinds = await storedKinds();
    expect(kinds.filter(([kind]) => kind === 'group-info')).toHaveLength(3);
    // That of the founding is in its GroupInfo.
    expect(kinds.filter(([kind]) => kind.endsWith('tree'))).toEqual([
      ['joiners-tree', 1, null],
      ['tree', 2, null],
    ]);
    const { bundle, next } = await relay.commit({ carriesTree: true });
    await relay.caller.bytes(relay.commitRequest(bundle, encrypted));
    expect((await storedKinds()).filter(([, epoch]) => epoch === 3)).toEqual([['group-info', 3, null]]);
    relay.state = next;
    for (const member of [alice, bob]) expect(await answerTo(member, treeOf(next))).toEqual(treeOf(next));
    expect(hashOf(treeOf(next))).toEqual(treeHashOf(bundle));
  });

  test('[ML93] stays for its joiners, and goes two epochs later where it let nobody in', async () => {
    const { alice, carol, pastState, state: third } = relay;
    const inForce = (await storedKinds()).find(([kind, epoch]) => kind === 'tree' && epoch === 2);
    expect(inForce).toEqual(['tree', 2, null]);
    relay.forgetHeads();
    const { bundle, next } = await relay.commit();
    await relay.caller.bytes(relay.commitRequest(bundle));
    relay.state = next;
    const kinds = await storedKinds();
    const expiryOf = (name: string, at: number): unknown =>
      kinds.find(([kind, epoch]) => kind === name && epoch === at)?.[2];
    expect(expiryOf('joiners-tree', 1)).toBeGreaterThan(Date.now() + 29 * 86_400_000);
    expect(expiryOf('tree', 2)).toBeUndefined();
    expect(expiryOf('tree', 4)).toBeNull();
    expect(await answerTo(carol, treeOf(pastState))).toEqual(treeOf(pastState));
    expect(await answerTo(alice, treeOf(third))).toEqual(treeOf(third));
  });
});

type StoredRow = readonly [kind: string, epoch: number, expiresAt: number | null];

function storedKinds(): Promise<readonly StoredRow[]> {
  const stub = CHAIN.getByName(toBase64Url(relay.encrypted));
  return runInDurableObject(stub, (_, { storage }) => {
    const rows = storage.sql.exec('SELECT kind, epoch, expires_at FROM handshakes ORDER BY epoch, kind').raw();
    return [...rows] as unknown as readonly StoredRow[];
  });
}

function treeHashOf({ event }: CommitBundle): Uint8Array {
  return valueOf(mlsCommit.decodeBody(decodeTrusted(eventTbs, event).body)).treeHash;
}
