import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, sha256 } from '../../../core/index.ts';
import { isLosing, lookAtNode, MARKER_BYTES, MARKER_KEY, type NodeMarker } from '../../../relay/index.ts';
import { FileNode } from './file-node.ts';
import { someBytes, TestNode } from './test-cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'marker-'));
const NEVER: NodeMarker = { bytes: someBytes(MARKER_BYTES), until: 0 };
const now = Date.now();
const FIRST_UNTIL = now + 7 * DAY_MS;
let node: TestNode;
let files = 0;

afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  node = new TestNode(new FileNode(join(folder, `${files++}`)));
});

function look(marker: NodeMarker, at = now) {
  return lookAtNode(node, marker, { now: at, round: 5 });
}

class ForgetfulNode extends FileNode {
  override async put(...args: Parameters<FileNode['put']>): ReturnType<FileNode['put']> {
    const put = await super.put(...args);
    await this.delete(MARKER_KEY);
    return put;
  }
}

describe('[CR12] The marker at a node', () => {
  it('is put and read back where the node never had it, which is no loss', async () => {
    expect(await look(NEVER)).toEqual({ marker: { ...NEVER, until: FIRST_UNTIL } });
    expect(node.calls).toEqual([`put ${MARKER_KEY}`, `get ${MARKER_KEY}`]);
  });

  it('costs one reading while it is there, and is renewed with the same bytes once half of its time is over', async () => {
    const { marker } = await look(NEVER);
    node.calls.length = 0;
    expect(await look(marker, now + 3 * DAY_MS)).toEqual({ marker });
    expect(node.calls).toEqual([`get ${MARKER_KEY}`]);
    const later = now + 4 * DAY_MS;
    expect(await look(marker, later)).toEqual({ marker: { ...marker, until: later + 7 * DAY_MS } });
  });

  it('that is gone, or has other bytes, is a loss in this round, and is put anew', async () => {
    const { marker } = await look(NEVER);
    const lost = { marker: { ...marker, lostIn: 5 } };
    await node.node.delete(MARKER_KEY);
    expect(await look(marker)).toEqual(lost);
    const bytes = someBytes(MARKER_BYTES, 2);
    await node.node.put(MARKER_KEY, { bytes, sha256: sha256(bytes), expiresAt: FIRST_UNTIL });
    expect(await look(marker)).toEqual(lost);
    expect(await look(marker)).toEqual({ marker });
  });

  it('that its node should not have any more is no loss', async () => {
    const { marker } = await look(NEVER);
    await node.node.delete(MARKER_KEY);
    const { marker: renewed } = await look(marker, FIRST_UNTIL);
    expect(renewed).toEqual({ ...marker, until: FIRST_UNTIL + 7 * DAY_MS });
  });

  it('says nothing of a node that does not answer but that it is down', async () => {
    const { marker } = await look(NEVER);
    node.isDead = true;
    const fault = { code: 'unavailable', reason: 'network' };
    expect(await look(marker)).toEqual({ marker, fault });
    expect(await look(NEVER)).toEqual({ marker: NEVER, fault });
  });

  it('has a node down that takes it and does not keep it', async () => {
    const forgetful = new ForgetfulNode(join(folder, `${files++}`));
    const { marker, fault } = await lookAtNode(forgetful, NEVER, { now, round: 5 });
    expect([marker, fault]).toEqual([NEVER, { code: 'not-found' }]);
  });

  it('tells of a loss until a round that began after it is through', () => {
    const lost = { ...NEVER, lostIn: 5 };
    expect([4, 5, 6].map((finished) => isLosing(lost, finished))).toEqual([true, true, false]);
    expect(isLosing(NEVER, 0)).toBe(false);
  });
});
