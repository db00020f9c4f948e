import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DAY_MS, err, sha256, type ObjectKey } from '../../../core/index.ts';
import { isLosing, isShared, lookAtNode, MARKER_BYTES, markerKey, type NodeMarker } from '../../../relay/index.ts';
import { FileNode } from './file-node.ts';
import { someBytes, TestNode } from './test-cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'marker-'));
const NEVER: NodeMarker = { bytes: someBytes(MARKER_BYTES), until: 0 };
const now = Date.now();
const KEY = markerKey(NEVER);
const OTHER: NodeMarker = { bytes: someBytes(MARKER_BYTES, 3), until: 0 };
const FIRST_UNTIL = now + 7 * DAY_MS;
let node: TestNode;
let files = 0;

afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.useRealTimers());
beforeEach(() => {
  node = new TestNode(new FileNode(join(folder, `${files++}`)));
});

function look(marker: NodeMarker, at = now) {
  return lookAtNode(node, marker, { now: at, round: 5 });
}

class ForgetfulNode extends FileNode {
  override async put(...args: Parameters<FileNode['put']>): ReturnType<FileNode['put']> {
    const put = await super.put(...args);
    await this.delete(KEY);
    return put;
  }
}

describe('[CR12] The marker at a node', () => {
  it('is put and read back where the node never had it, which is no loss', async () => {
    expect(await look(NEVER)).toEqual({ marker: { ...NEVER, until: FIRST_UNTIL, isShared: false } });
    expect(node.calls.slice(0, 2)).toEqual([`put ${KEY}`, `get ${KEY}`]);
  });

  it('costs one reading while it is there, and is renewed with the same bytes once half of its time is over', async () => {
    const { marker } = await look(NEVER);
    node.calls.length = 0;
    expect(await look(marker, now + 3 * DAY_MS)).toEqual({ marker });
    expect(node.calls).toEqual([`get ${KEY}`]);
    const later = now + 4 * DAY_MS;
    expect(await look(marker, later)).toEqual({ marker: { ...marker, until: later + 7 * DAY_MS } });
  });

  it('that is gone, or has other bytes, is a loss in this round, and is put anew', async () => {
    const { marker } = await look(NEVER);
    const lost = { marker: { ...marker, lostIn: 5 } };
    await node.node.delete(KEY);
    expect(await look(marker)).toEqual(lost);
    const bytes = someBytes(MARKER_BYTES, 2);
    await node.node.put(KEY, { bytes, sha256: sha256(bytes), expiresAt: FIRST_UNTIL });
    expect(await look(marker)).toEqual(lost);
    expect(await look(marker)).toEqual({ marker });
  });

  it('that its node should not have any more is no loss', async () => {
    const { marker } = await look(NEVER);
    await node.node.delete(KEY);
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

describe('[CR13] A node that others use', () => {
  const keeps = async (): Promise<boolean | undefined> => {
    const shared = await isShared(node, NEVER);
    return shared.ok ? shared.value : undefined;
  };

  it('is known by a marker besides the own, until that has expired', async () => {
    await look(NEVER);
    await node.node.put('n/1' as ObjectKey, {
      bytes: NEVER.bytes,
      sha256: sha256(NEVER.bytes),
      expiresAt: FIRST_UNTIL,
    });
    expect(await keeps()).toBe(false);
    await look(OTHER);
    expect(await keeps()).toBe(true);
    const expiresAt = now + DAY_MS;
    await node.node.put(markerKey(OTHER), { bytes: OTHER.bytes, sha256: sha256(OTHER.bytes), expiresAt });
    expect(await keeps()).toBe(true);
    vi.useFakeTimers({ toFake: ['Date'], now: expiresAt });
    expect(await keeps()).toBe(false);
  });

  it('is found at the first look, and looked at again until the other is gone', async () => {
    const { marker: own } = await look(NEVER);
    const { marker: others } = await look(OTHER);
    expect([own.isShared, others.isShared]).toEqual([false, true]);
    await node.node.delete(KEY);
    expect((await look(others)).marker.isShared).toBe(false);
    // Who was alone asks before it deletes, and not at every look.
    node.calls.length = 0;
    await look(own);
    expect(node.calls.filter((call) => call.startsWith('list'))).toEqual([]);
  });

  it('is not known to be nobody else’s while it does not answer', async () => {
    await look(OTHER);
    const fault = { code: 'unavailable', reason: 'timeout' } as const;
    node.head = async () => err(fault);
    expect(await keeps()).toBe(true);
    node.list = async () => err(fault);
    expect(await keeps()).toBeUndefined();
    expect(await look(NEVER)).toEqual({ marker: { ...NEVER, until: FIRST_UNTIL }, fault });
    node.isDead = true;
    expect(await keeps()).toBeUndefined();
  });
});
