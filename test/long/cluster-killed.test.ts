import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Damage } from '../../cli/cluster/damage.ts';
import { equalBytes, sha256, toBase64Url, type ClusterStatus } from '../../core/index.ts';
import {
  connect,
  memoryStorage,
  operatorOf,
  type Group,
  type Message,
  type RelayProblem,
  type Session,
  type TimelineItem,
} from '../../sdk/index.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { nodeFolder, readOperatorSeed, spawnRelay, type SpawnedRelay } from '../../workers/local.ts';
import { soleInvitation } from '../stories/stage.ts';
import { steadyPort } from '../support/steady-port.ts';

const ROUNDS = 2;
const MESSAGES = 24;
const PUTS = 3;
const NODES = 6;
/** One object a shard, so that objects can be counted by blobs. */
const BLOB_BYTES = 300_000;
/** Payloads leave their chain while others come in. */
const variables = { SEGMENT_AGE_S: '1' };
/** How long a relay may keep a database to itself, as where it closes it. */
const LOCKED_MS = 10_000;
/** The shortest that there is. */
const RETENTION_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'terachat-killed-'));
const sessions: Session[] = [];
let relay: SpawnedRelay;

beforeAll(async () => {
  relay = await spawnRelay({ folder, port: await steadyPort(), variables });
});

afterAll(async () => {
  for (const session of sessions) session.close();
  await relay.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function person(): Promise<Session> {
  const session = await connect({ relay: relay.url, storage: memoryStorage(), ...nodePlatform() });
  sessions.push(session);
  await session.createIdentity();
  return session;
}

async function killAndRestart(): Promise<void> {
  await relay.kill();
  relay = await spawnRelay({ folder, port: relay.port, variables });
}

async function ask(method: string, path: string): Promise<ClusterStatus> {
  const seed = new Uint8Array(readOperatorSeed(folder)!);
  for (;;) {
    const answer = await operatorOf(relay.url, seed, nodePlatform())
      .request(method, path)
      .catch(() => undefined);
    if (answer?.ok === true) return (await answer.json()) as ClusterStatus;
    await sleep(200);
  }
}

async function settled(): Promise<ClusterStatus> {
  await ask('POST', '/v1/cluster/scrub');
  for (;;) {
    const status = await ask('GET', '/v1/cluster');
    if (status.scrub.finishedAt !== null && status.backlog === 0) return status;
    await sleep(200);
  }
}

function bytesOf(seed: number): Uint8Array {
  return Uint8Array.from({ length: BLOB_BYTES }, (_, i) => Math.imul(i + seed * 7_919, 2_654_435_761) >>> 22);
}

/** The same bytes again and again, until the relay has them. */
async function put(session: Session, group: string, body: Uint8Array): Promise<void> {
  const hash = toBase64Url(sha256(body));
  const blobs = `/v1/chains/${group}/blobs`;
  const ask = async (method: string, path: string, sent: object = {}): Promise<boolean> => {
    try {
      const answer = await session.request(method, blobs + path, sent);
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  };
  while (!((await ask('POST', `?hash=${hash}&size=${body.length}`, { body })) && (await ask('GET', `/${hash}`))))
    await sleep(100);
}

const isText = (item: TimelineItem): item is Message => item.kind === 'message' && item.text !== undefined;

async function textsOf(group: Group): Promise<string[]> {
  await group.catchUp();
  const texts: string[] = [];
  for await (const item of group.messages()) if (isText(item)) texts.push(item.text ?? '');
  return texts;
}

/** Keys of all parts of shards that all nodes have, by what the buckets of this machine say themselves. */
function keysAtNodes(): string[] {
  const databases = join(folder, 'storage/r2/miniflare-R2BucketObject');
  return readdirSync(databases)
    .filter((name) => name.endsWith('.sqlite'))
    .flatMap((name) => {
      const database = new DatabaseSync(join(databases, name), { readOnly: true, timeout: LOCKED_MS });
      const isBucket = database.prepare("SELECT 1 FROM sqlite_master WHERE name = '_mf_objects'").get() !== undefined;
      const rows = isBucket ? database.prepare('SELECT key FROM _mf_objects WHERE key GLOB ?').all('c/*') : [];
      database.close();
      return rows.map(({ key }) => String(key));
    });
}

describe('a relay that is killed with SIGKILL', () => {
  it('[TI4] [CR3] [CR7] while it flushes, takes attachments and repairs loses nothing, and leaves nothing that the scrub does not find', async () => {
    const [alice, bob] = [await person(), await person()];
    const hers = await alice.createGroup();
    await hers.invite(bob.identity!.actor);
    const his = await (await soleInvitation(bob)).accept();
    const sent: string[] = [];
    const attachments: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const words = Array.from({ length: MESSAGES }, (_, i) => `${round}/${i} ${'word '.repeat(200)}`);
      for (const text of words) await hers.post(text);
      const putting = Array.from({ length: PUTS }, async (_, i) => {
        const seed = round * PUTS + i;
        await put(alice, hers.id, bytesOf(seed));
        attachments.push(seed);
      });
      // An empty disk in the middle of it, so that there is something to repair.
      new Damage(join(folder, 'kept'), (node) => nodeFolder(folder, node)).revive(`node-${round % NODES}`);
      await ask('POST', '/v1/cluster/scrub');
      await sleep(200 + 350 * round);
      await killAndRestart();
      await Promise.all(putting);
      while ((await hers.pending()).length > 0) await sleep(100);
      sent.push(...words);
      // Before the next disk is emptied: three at once are more than any six bear.
      await settled();
    }
    expect(await textsOf(his)).toEqual(sent);
    const status = await settled();
    expect(status.blobs).toMatchObject({ lost: 0, degraded: 0, inconsistent: 0, leftovers: 0 });
    for (const seed of attachments) {
      const bytes = bytesOf(seed);
      const got = await bob.request('GET', `/v1/chains/${hers.id}/blobs/${toBase64Url(sha256(bytes))}`);
      expect(equalBytes(new Uint8Array(await got.arrayBuffer()), bytes), `attachment ${seed}`).toBe(true);
    }
    // The search for orphans goes on beside the round, and deletions after it.
    await vi.waitFor(
      async () => {
        const { blobs, orphans } = await ask('GET', '/v1/cluster');
        expect(keysAtNodes()).toHaveLength(blobs.blobs * NODES + orphans);
      },
      { timeout: 60_000, interval: 200 },
    );
    const { blobs, orphans } = await ask('GET', '/v1/cluster');
    console.info(`${ROUNDS} kills: ${sent.length} messages, ${blobs.blobs} blobs, ${orphans} orphans found`);
  });

  it('[TI8] [SN4] while payloads and attachments expire brings none of them back', async () => {
    const alice = await person();
    const hers = await alice.createGroup({ retentionMs: RETENTION_MS });
    const before = new Set(keysAtNodes());
    const { attachment } = await hers.blobs.put(bytesOf(99), { name: 'gone' });
    const own = keysAtNodes().filter((key) => !before.has(key) && key.includes(hers.id));
    expect(own).toHaveLength(NODES);
    await hers.send('gone too');
    const end = Date.now() + RETENTION_MS;
    while (Date.now() < end + 3_000) {
      await sleep(Math.max(0, Math.min(end - 500 - Date.now(), RETENTION_MS)));
      await sleep(500);
      await killAndRestart();
    }
    const refusal = await hers.blobs.get(attachment).catch((cause: unknown) => cause as RelayProblem);
    expect(refusal).toMatchObject({ code: expect.stringMatching(/^(payload-expired|not-found)$/) as string });
    // A deletion that was cut off is tried again after ten minutes, or when an operator asks.
    await settled();
    for (let looks = 0; keysAtNodes().some((key) => own.includes(key)); looks++) {
      if (looks > 600) throw new Error('the nodes keep what has expired');
      await sleep(200);
    }
    await settled();
    expect(keysAtNodes().filter((key) => own.includes(key))).toEqual([]);
  });
});
