import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import { DAY_MS, fromBase64Url, parseChainId, type ChainId } from '../../core/index.ts';
import type { RelayEnvironment } from '../../durable-objects/index.ts';
import { connect, memoryStorage, type Group, type Session, type TeraChatError } from '../../sdk/index.ts';
import { actorSigner } from '../../sdk/actor-signer.ts';
import { HttpClient } from '../../sdk/http-client.ts';
import { platformOf } from '../../sdk/platform.ts';
import { TestCluster } from '../durable-objects/chain/test-cluster.ts';
import { relayInIsolate } from '../model/relay.workerd.ts';
import { downloadLog } from '../support/download-log.ts';

const relay = relayInIsolate();
const cluster = new TestCluster();
let ahead = 0;

interface Person {
  readonly session: Session;
  readonly seed: Uint8Array;
}

async function person(): Promise<Person> {
  const { fetch, webSocket } = relay.wire;
  let seed = new Uint8Array();
  const makeSigner = (from: Uint8Array) => {
    seed = from.slice();
    return actorSigner(from);
  };
  const options = { ...relay.platform, makeSigner, relay: relay.url, storage: memoryStorage(), fetch, webSocket };
  const session = await connect(options);
  await session.createIdentity();
  return { session, seed };
}

async function join({ session }: Person): Promise<Group> {
  for (;;) {
    const [invitation] = await session.invitations();
    if (invitation !== undefined) return invitation.accept();
    await scheduler.wait(20);
  }
}

async function textsOf(group: Group): Promise<(string | undefined)[]> {
  const texts = [];
  for await (const message of group.messages()) texts.push(message.kind === 'message' ? message.text : message.reason);
  return texts;
}

/** Time goes by for everyone, and what is due is done. */
async function pass(ms: number, chain: string): Promise<void> {
  ahead += ms;
  relay.setClock!(ahead);
  await relay.runJobs!({ kind: 'chain', name: chain });
}

async function countOf(chain: string, table: string): Promise<number> {
  const stub = (env as unknown as RelayEnvironment).CHAIN.getByName(chain);
  return runInDurableObject(stub, (object, { storage }) => {
    object.cluster = cluster.open;
    return Number(storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one()['n']);
  });
}

/** What a live reading tells of what keeps it from going on (`CL49`). */
async function whyItWaits(group: Group): Promise<TeraChatError | undefined> {
  const end = new AbortController();
  const told = new Promise<TeraChatError | undefined>((resolve) => {
    const stop = group.onConnection((_isOpen, cause) => {
      stop();
      resolve(cause);
    });
  });
  const reading = group.messages({ live: true, signal: end.signal }).next();
  const cause = await told;
  end.abort();
  await reading.catch(() => undefined);
  return cause;
}

function reach(...away: readonly string[]): void {
  cluster.away.clear();
  for (const name of away) cluster.away.add(name);
}

describe('a member who was away', { timeout: 240_000 }, () => {
  test('[TI3, TI6, TI8, CL10, CL49] reads what went to the cluster while nodes died; a month later it is gone, and the log still proves it', async () => {
    const [alice, bob, carol] = [await person(), await person(), await person()];
    const hers = await alice.session.createGroup();
    const id = hers.id;
    await hers.invite([bob.session.identity!.actor, carol.session.identity!.actor]);
    const [his, carols] = [await join(bob), await join(carol)];
    const said = Array.from({ length: 8 }, (_, i) => `message ${i}`);
    for (const text of said) await hers.send(text);

    // One of six nodes is dead when they leave the chain.
    reach('node-0');
    expect(await countOf(id, 'payloads')).toBeGreaterThan(0);
    while ((await countOf(id, 'payloads')) > 0) await pass(3_660_000, id);
    await hers.send('and one that is hot');

    // It is back, and another one is dead when Bob comes.
    reach('node-3');
    await his.catchUp();
    expect(await textsOf(his)).toEqual([...said, 'and one that is hot']);

    // Past the bound, Carol is told so, and that it is no expiry; she reads all of it when the nodes are back.
    await relay.kill({ kind: 'chain', name: id });
    await countOf(id, 'payloads');
    reach('node-1', 'node-2', 'node-3', 'node-4');
    await expect(carols.catchUp()).rejects.toMatchObject({
      code: 'payload-unavailable',
      advice: { kind: 'wait' },
    });
    expect(await textsOf(carols)).toEqual([]);
    expect(await whyItWaits(carols)).toMatchObject({
      code: 'payload-unavailable',
      // The node that was dead at the writing has none of theirs.
      details: { needed: '4', found: expect.stringMatching(/^[12]$/) as string },
    });
    reach();
    await carols.catchUp();
    expect(await textsOf(carols)).toEqual([...said, 'and one that is hot']);

    while ((await countOf(id, 'payloads')) > 0) await pass(3_660_000, id);
    const chain = parseChainId(fromBase64Url(id)) as ChainId;
    expect(await cluster.objectsOf(chain)).not.toEqual([]);
    await pass(31 * DAY_MS, id);
    while ((await countOf(id, 'segments')) + (await countOf(id, 'tombstones')) > 0) await pass(1_000, id);
    expect(await cluster.objectsOf(chain)).toEqual([]);
    const platform = platformOf({ fetch: relay.wire.fetch, now: () => Date.now() });
    const http = new HttpClient(relay.url, platform);
    http.signAs(actorSigner(alice.seed));
    const { entries, report } = await downloadLog(chain, { http, check: relay.check });
    expect(report.size).toBe(entries.length);
    expect(entries.every(({ payload }) => payload === undefined)).toBe(true);
    for (const { session } of [alice, bob, carol]) session.close();
  });
});
