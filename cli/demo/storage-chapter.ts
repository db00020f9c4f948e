import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Damage } from '../cluster/damage.ts';
import type { Claims } from './claims.ts';
import type { Document, Stage } from './stage.ts';

const PHOTO = 'harbour.jpg';
const PHOTO_BYTES = 300_000;

/** A photograph lies on six nodes of which any four give it back: two are lost, then four, and then it is repaired. */
export async function loseNodes(stage: Stage, claims: Claims, group: string): Promise<void> {
  claims.chapter('A photograph outlives nodes that die and nodes that lie');
  const { nodeFolder } = await import('../../workers/local.ts');
  const damage = new Damage(stage.file('kept'), (node) => nodeFolder(stage.relayFolder, node));
  const photo = randomBytes(PHOTO_BYTES);
  await writeFile(stage.file(PHOTO), photo);
  const { hash } = await stage.ask('alice', 'blob', 'put', group, stage.file(PHOTO));
  damage.kill('node-0');
  damage.corrupt('node-1');
  const seen = await fetchPhoto(stage, group);
  claims.that('with one node dead and another changing bytes, Bob gets the photograph as it was', seen.equals(photo));
  // What node-1 changed may be repaired already.
  for (const node of ['node-1', 'node-2', 'node-3']) damage.corrupt(node);
  const { id } = await stage.ask('bob', 'group', 'members', group);
  const past = await stage.run('bob', 'request', 'GET', `/v1/chains/${String(id)}/blobs/${String(hash)}`, ...AS_BYTES);
  claims.same('with four of six it is unavailable, and nobody is given anything else', past.error, 'unavailable');
  damage.restore();
  damage.kill('node-0');
  damage.revive('node-0');
  const { backlog, blobs } = await stage.ask('alice', 'cluster', 'scrub', '--wait', '--data', stage.relayFolder);
  const { repaired } = blobs as Document;
  claims.that('a node that comes back with an empty disk gets its shards anew', backlog === 0 && Number(repaired) > 0);
  for (const node of ['node-4', 'node-5']) damage.kill(node);
  claims.that('and two others can die after that', (await fetchPhoto(stage, group)).equals(photo));
  for (const node of ['node-4', 'node-5']) damage.revive(node);
}

const AS_BYTES = ['--accept', '*/*'];

async function fetchPhoto(stage: Stage, group: string): Promise<Buffer> {
  const target = stage.file('seen.jpg');
  await stage.ask('bob', 'blob', 'get', group, PHOTO, target, '--force');
  return readFile(target);
}
