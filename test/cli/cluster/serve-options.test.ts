import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clusterAndFolder, type StorageOptions } from '../../../cli/cluster/serve-options.ts';
import { Failure } from '../../../cli/failure.ts';
import { temporaryFolder } from './temporary-folder.ts';

function refusalOf(options: StorageOptions): Failure {
  try {
    clusterAndFolder(options);
  } catch (cause) {
    if (cause instanceof Failure) return cause;
    throw cause;
  }
  throw new Error('it was taken');
}

it('takes a number beside --nodes for k, and everything else for a folder', () => {
  expect(clusterAndFolder({})).toEqual({ folder: '.terachat' });
  expect(clusterAndFolder({ data: ['/var/relay'] })).toEqual({ folder: '/var/relay' });
  const cluster = { nodes: 6, dataShards: 3, spares: 1 };
  expect(clusterAndFolder({ nodes: 6, data: ['3', 'here'] })).toEqual({ folder: 'here', cluster });
  expect(clusterAndFolder({ nodes: 6, data: ['./3'] })).toMatchObject({ folder: './3', cluster: { dataShards: 4 } });
  expect(clusterAndFolder({ nodes: 7, spares: 0 }).cluster).toEqual({ nodes: 7, dataShards: 3, spares: 0 });
});

it('[SC2] refuses numbers that are no cluster, with some that are', () => {
  for (const k of ['5', '0', '-1', '4.5']) {
    const { code, hint } = refusalOf({ nodes: 6, data: [k] });
    expect([code, hint], k).toEqual(['invalid-cluster', 'This is valid: terachat serve --nodes 6 --data 4']);
  }
  expect(refusalOf({ nodes: 3 }).hint).toBe('This is valid: terachat serve --nodes 4 --data 2');
});

it('[SC1] counts spares among the nodes that a cluster may have', () => {
  expect(clusterAndFolder({ nodes: 64 }).cluster).toEqual({ nodes: 64, dataShards: 22, spares: 0 });
  const { code, hint } = refusalOf({ nodes: 6, spares: 59 });
  expect([code, hint]).toEqual(['invalid-cluster', 'This is valid: terachat serve --nodes 6 --data 4 --spares 58']);
});

it('[SC13] refuses a file that is none, no JSON, or no cluster, before anything starts', () => {
  const path = join(temporaryFolder(), 'cluster.json');
  expect(refusalOf({ cluster: path }).message).toBe(`${path} is not there.`);
  writeFileSync(path, '{"nodes":[');
  expect(refusalOf({ cluster: path }).message).toMatch(/is no JSON: /);
  writeFileSync(path, clusterText(3));
  expect(refusalOf({ cluster: path })).toMatchObject({
    code: 'invalid-cluster',
    hint: 'This is valid: dataShards 2 with node-0, node-1, node-2, node-3',
  });
});

function clusterText(dataShards: number): string {
  const nodes = [0, 1, 2, 3].map((i) => ({ name: `node-${i}`, domain: `d-${i}`, kind: 'r2', binding: `NODE_${i}` }));
  return JSON.stringify({ dataShards, nodes });
}

it('makes no folder of a number that stands alone, and ignores nothing that was said', () => {
  expect(refusalOf({ data: ['4'] })).toMatchObject({ exit: 'usage', code: 'cluster-what' });
  expect(refusalOf({ data: ['4'] }).hint).toContain('--data ./4');
  expect(refusalOf({ spares: 2 })).toMatchObject({ code: 'cluster-what', message: '--spares is for --nodes.' });
  const [path, text] = [join(temporaryFolder(), 'cluster.json'), clusterText(2)];
  writeFileSync(path, text);
  expect(clusterAndFolder({ cluster: path })).toEqual({ folder: '.terachat', cluster: { text } });
  expect(refusalOf({ cluster: path, data: ['4'] }).code).toBe('cluster-what');
  expect(refusalOf({ cluster: path, nodes: 6 }).code).toBe('cluster-what');
  expect(refusalOf({ cluster: `${path}.not` }).code).toBe('cluster-file');
});
