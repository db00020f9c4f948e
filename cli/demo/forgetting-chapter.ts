import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256, toHex } from '../../core/index.ts';
import type { Claims } from './claims.ts';
import type { Document, Stage } from './stage.ts';

const GROUP = 'today';
const WORDS = 'The key is under the third stone.';
const SKETCH = 'sketch.png';
const NODES = 6;
/** The shortest that a group may keep what is said. */
const RETENTION_MS = 60_000;
/** The relay deletes on its own time, and this machine may be busy. */
const PATIENCE_MS = 120_000;

/** What is to be gone at the end. */
export interface Passing {
  readonly group: string;
  /** Of the words' entry. */
  readonly index: number;
  readonly relayTime: number;
  /** SHA-256 of each object that the sketch became, in hexadecimal. */
  readonly objects: readonly string[];
}

/** A group that keeps what is said for a minute, so that a month need not be waited for. */
export async function saySomethingPassing(stage: Stage, claims: Claims): Promise<Passing> {
  claims.chapter('Alice says something that is kept for a minute');
  const { id } = await stage.ask('alice', 'group', 'create', GROUP, '--retention', '1m');
  const { index, relayTime } = await stage.ask('alice', 'send', GROUP, WORDS);
  await writeFile(stage.file(SKETCH), randomBytes(40_000));
  const before = await objectsAtNodes(stage);
  await stage.ask('alice', 'blob', 'put', GROUP, stage.file(SKETCH));
  const objects = [...(await objectsAtNodes(stage))].filter((object) => !before.has(object));
  claims.that(
    `her sketch lies at ${NODES} nodes; this group keeps for a minute, others for 30 days unless they say less`,
    objects.length >= NODES,
    objects.length,
  );
  const group = String(id);
  const payload = await askForWords(stage, { group, index: Number(index) });
  claims.same('the relay gives the sealed words to who may read them', payload.exitCode, 0);
  return { group, index: Number(index), relayTime: Number(relayTime), objects };
}

/** When its time is over: refused at once, deleted everywhere, and proven all the same. */
export async function findItGone(stage: Stage, claims: Claims, passing: Passing): Promise<void> {
  claims.chapter('The minute is over: the bytes are gone, and the proof remains');
  await sleep(Math.max(0, passing.relayTime + RETENTION_MS + 1_000 - Date.now()));
  const { error = '' } = await askForWords(stage, passing);
  // The first while there are bytes, the second once there are none.
  const refusals = ['payload-expired', 'not-found'];
  claims.that('nobody is given the sealed words any more, Alice neither', refusals.includes(error), error);
  claims.same("and no file of the relay's nodes has any of the sketch", await untilGone(stage, passing.objects), []);
  const audit = await stage.ask('alice', 'audit', GROUP);
  claims.that('the log still proves that she said it, when, and the hash of it', audit['ok'] === true, audit);
}

async function untilGone(stage: Stage, objects: readonly string[]): Promise<readonly string[]> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const there = await objectsAtNodes(stage);
    const left = objects.filter((object) => there.has(object));
    if (left.length === 0 || Date.now() > end) return left;
    await sleep(250);
  }
}

interface EntryPage {
  readonly entries: readonly { readonly entry: { readonly event: { readonly body: Document } } }[];
}

function askForWords(stage: Stage, { group, index }: Pick<Passing, 'group' | 'index'>) {
  return payloadHash(stage, group, index).then((hash) =>
    stage.run('alice', 'request', 'GET', `/v1/chains/${group}/payloads/${hash}`, '--accept', '*/*'),
  );
}

async function payloadHash(stage: Stage, group: string, index: number): Promise<string> {
  const { body } = await stage.ask('alice', 'request', 'GET', `/v1/chains/${group}/entries?from=${index}&limit=1`);
  const [row] = (body as EntryPage).entries;
  return String(row?.entry.event.body['payloadHash']);
}

/** By their content: a shard that is made anew has the same bytes in another file. */
async function objectsAtNodes({ relayFolder }: Stage): Promise<ReadonlySet<string>> {
  const entries = await readdir(join(relayFolder, 'storage', 'r2'), { recursive: true, withFileTypes: true });
  const objects = entries.filter((entry) => entry.isFile() && entry.parentPath.endsWith('blobs'));
  const contents = await Promise.all(
    // One that is deleted meanwhile is gone.
    objects.map(({ parentPath, name }) => readFile(join(parentPath, name)).catch(() => undefined)),
  );
  return new Set(contents.flatMap((bytes) => (bytes === undefined ? [] : [toHex(sha256(bytes))])));
}
