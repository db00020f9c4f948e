import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Damage } from '../../../cli/cluster/damage.ts';
import { temporaryFolder } from './temporary-folder.ts';

let folder: string;
let damage: Damage;
const objectOf = (node: string, name: string) => join(folder, node, 'blobs', name);
const read = (node: string, name: string) => readFileSync(objectOf(node, name), 'utf8');

beforeEach(() => {
  folder = temporaryFolder();
  for (const node of ['a', 'b']) {
    mkdirSync(join(folder, node, 'blobs'), { recursive: true });
    writeFileSync(objectOf(node, 'x'), `${node} has this`);
  }
  damage = new Damage(join(folder, 'kept'), (node) => join(folder, node));
});

describe('What a drill takes from a relay', () => {
  it('is back after a drill that was cut off, and what came meanwhile stays', () => {
    damage.kill('a');
    damage.corrupt('b');
    expect(read('b', 'x')).not.toBe('b has this');
    damage.revive('a');
    mkdirSync(join(folder, 'a', 'blobs'));
    writeFileSync(objectOf('a', 'y'), 'new');
    const next = new Damage(join(folder, 'kept'), (node) => join(folder, node));
    expect(next.isLeft).toBe(true);
    next.restore();
    expect([read('a', 'x'), read('a', 'y'), read('b', 'x')]).toEqual(['a has this', 'new', 'b has this']);
    expect([next.isLeft, existsSync(join(folder, 'kept'))]).toEqual([false, false]);
  });

  it('is what was there first, and all that came since, where a node is damaged twice', () => {
    damage.corrupt('b');
    writeFileSync(objectOf('b', 'y'), 'new');
    damage.corrupt('b');
    damage.corrupt('b');
    expect([read('b', 'x'), read('b', 'y')]).not.toContain('b has this');
    damage.restore();
    expect([read('b', 'x'), read('b', 'y')]).toEqual(['b has this', 'new']);
  });

  it('is never half a copy put back over what is good', () => {
    mkdirSync(join(folder, 'kept', 'b.draft', 'blobs'), { recursive: true });
    writeFileSync(join(folder, 'kept', 'b.draft', 'blobs', 'x'), 'b ha');
    damage.restore();
    expect(read('b', 'x')).toBe('b has this');
    expect(existsSync(join(folder, 'b.draft'))).toBe(false);
  });
});
