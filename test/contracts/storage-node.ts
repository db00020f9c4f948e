import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  HOUR_MS,
  MAX_OBJECT_BYTES,
  MAX_OBJECT_KEY_CHARS,
  parseObjectKey,
  sha256,
  toHex,
  type ObjectKey,
} from '../../core/index.ts';
import type { ListPage, NodeResult, StorageNode } from '../../relay/index.ts';

/** How long anything that must come about may take on a slow machine. */
const PATIENCE_MS = 20_000;

/** Bytes that no other call gives. */
export function someBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 65_536) crypto.getRandomValues(bytes.subarray(i, i + 65_536));
  return bytes;
}

/** Keys below one that no other test has. */
export function freshArea(): (rest: string) => ObjectKey {
  const area = toHex(someBytes(8));
  return (rest) => parseObjectKey(`${area}/${rest}`) ?? expect.fail(`${rest} is no key`);
}

/** An object as an honest caller puts it. */
export function objectOf(bytes: Uint8Array, expiresAt = Date.now() + HOUR_MS) {
  return { bytes, sha256: sha256(bytes), expiresAt };
}

/** What a result holds; a fault fails the test. */
export function valueOf<T>(result: NodeResult<T>): T {
  return result.ok ? result.value : expect.fail(JSON.stringify(result.error));
}

const notFound = { ok: false, error: { code: 'not-found' } };
const refused = (reason: string) => ({ ok: false, error: { code: 'refused', reason } });

/** What every storage node must do, whoever runs it and whatever is behind it. The time is the real one. */
export function describeStorageNode(name: string, make: () => StorageNode): void {
  // Megabytes take their time on a busy machine, and that is no fault of a node.
  describe(`${name} keeps the contract of storage nodes`, { timeout: 120_000 }, () => {
    let node: StorageNode;
    let keyOf: (rest: string) => ObjectKey;

    beforeEach(() => {
      node = make();
      keyOf = freshArea();
    });

    test('[SN2] gives back what was put: bytes, size, hash and expiry', async () => {
      const key = keyOf('a');
      const object = objectOf(someBytes(70_000));
      expect(await node.put(key, object)).toEqual({ ok: true, value: undefined });
      expect(valueOf(await node.get(key))).toEqual(object.bytes);
      const { sha256: hash, expiresAt } = object;
      expect(valueOf(await node.head(key))).toEqual({ size: 70_000, sha256: hash, expiresAt });
    });

    test('[SN1] takes keys of every allowed character, as long as they may be, and of several parts', async () => {
      const names = ['AZaz09_-', '-/_/0', 'x'.repeat(MAX_OBJECT_KEY_CHARS - keyOf('a').length + 1)];
      for (const rest of names) {
        const bytes = someBytes(10);
        valueOf(await node.put(keyOf(rest), objectOf(bytes)));
        expect(valueOf(await node.get(keyOf(rest)))).toEqual(bytes);
      }
    });

    test('[SN2] keeps an empty object, and the largest one', async () => {
      for (const bytes of [new Uint8Array(), someBytes(MAX_OBJECT_BYTES)]) {
        valueOf(await node.put(keyOf('a'), objectOf(bytes)));
        expect(toHex(sha256(valueOf(await node.get(keyOf('a')))))).toBe(toHex(sha256(bytes)));
        expect(valueOf(await node.head(keyOf('a'))).size).toBe(bytes.length);
      }
    });

    test('[SN2] refuses an object over the limit', async () => {
      expect(await node.put(keyOf('a'), objectOf(someBytes(MAX_OBJECT_BYTES + 1)))).toEqual(refused('too-large'));
      expect(await node.get(keyOf('a'))).toEqual(notFound);
    });

    test('[SN2] refuses bytes that are not those of the hash, and keeps what it had', async () => {
      const key = keyOf('a');
      const wrong = { ...objectOf(someBytes(100)), sha256: sha256(someBytes(100)) };
      expect(await node.put(key, wrong)).toEqual(refused('digest-mismatch'));
      expect(await node.get(key)).toEqual(notFound);
      const right = objectOf(someBytes(100));
      valueOf(await node.put(key, right));
      expect(await node.put(key, wrong)).toEqual(refused('digest-mismatch'));
      expect(valueOf(await node.get(key))).toEqual(right.bytes);
      expect(valueOf(await node.head(key)).expiresAt).toBe(right.expiresAt);
    });

    test('[SN3] puts one object in the place of another, whole', async () => {
      const key = keyOf('a');
      valueOf(await node.put(key, objectOf(someBytes(5_000), Date.now() + 2 * HOUR_MS)));
      const object = objectOf(someBytes(10));
      valueOf(await node.put(key, object));
      expect(valueOf(await node.get(key))).toEqual(object.bytes);
      const { sha256: hash, expiresAt } = object;
      expect(valueOf(await node.head(key))).toEqual({ size: 10, sha256: hash, expiresAt });
    });

    test('[SN3] leaves one of several that are put at once, whole', async () => {
      const objects = [3, 300, 30_000, 30].map((length) => objectOf(someBytes(length)));
      for (const put of await Promise.all(objects.map((object) => node.put(keyOf('a'), object)))) valueOf(put);
      const hash = toHex(sha256(valueOf(await node.get(keyOf('a')))));
      expect(objects.map((object) => toHex(object.sha256))).toContain(hash);
      expect(toHex(valueOf(await node.head(keyOf('a'))).sha256)).toBe(hash);
    });

    test('[SN6] finds nothing where nothing was put', async () => {
      expect(await node.get(keyOf('a'))).toEqual(notFound);
      expect(await node.getRange(keyOf('a'), { offset: 0, length: 1 })).toEqual(notFound);
      expect(await node.head(keyOf('a'))).toEqual(notFound);
    });

    test('[SN9] deletes for good, and what is not there too', async () => {
      const key = keyOf('a');
      valueOf(await node.put(key, objectOf(someBytes(10))));
      for (let times = 0; times < 2; times++) {
        expect(await node.delete(key)).toEqual({ ok: true, value: undefined });
        expect(await node.get(key)).toEqual(notFound);
        expect(await node.head(key)).toEqual(notFound);
      }
    });

    test('[SN5] gives any range, byte for byte', async () => {
      const bytes = someBytes(2_000);
      valueOf(await node.put(keyOf('a'), objectOf(bytes)));
      const ranges = fc
        .tuple(fc.nat(1_999), fc.nat(1_999))
        .map(([a, b]) => ({ offset: Math.min(a, b), length: Math.abs(a - b) + 1 }));
      await fc.assert(
        fc.asyncProperty(ranges, async ({ offset, length }) => {
          const part = valueOf(await node.getRange(keyOf('a'), { offset, length }));
          expect(part).toEqual(bytes.subarray(offset, offset + length));
        }),
        { numRuns: 12, examples: [[{ offset: 0, length: 2_000 }], [{ offset: 1_999, length: 1 }]] },
      );
    });

    test('[SN5] refuses a range that the object does not wholly have', async () => {
      valueOf(await node.put(keyOf('a'), objectOf(someBytes(100))));
      valueOf(await node.put(keyOf('empty'), objectOf(new Uint8Array())));
      for (const range of [
        { offset: 0, length: 101 },
        { offset: 99, length: 2 },
        { offset: 100, length: 1 },
        { offset: 5_000, length: 1 },
      ]) {
        expect(await node.getRange(keyOf('a'), range), JSON.stringify(range)).toEqual(refused('range'));
      }
      expect(await node.getRange(keyOf('empty'), { offset: 0, length: 1 })).toEqual(refused('range'));
    });

    test('[SN4] refuses what has expired before it is put', async () => {
      expect(await node.put(keyOf('a'), objectOf(someBytes(10), Date.now() - 1))).toEqual(refused('expiry'));
      expect(await node.get(keyOf('a'))).toEqual(notFound);
    });

    test('[SN4] gives an object until its expiry, and finds nothing from then on', async () => {
      const key = keyOf('a');
      const expiresAt = await putShortLived(node, key);
      const before = await node.get(key);
      if (Date.now() < expiresAt) valueOf(before);
      await untilTrue(async () => !(await node.get(key)).ok);
      expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
      expect(await node.get(key)).toEqual(notFound);
      expect(await node.getRange(key, { offset: 0, length: 1 })).toEqual(notFound);
      expect(await node.head(key)).toEqual(notFound);
    });

    test('[SN8] lists all objects once, by rising key, a page at a time', async () => {
      const names = ['c', 'a/2', 'a-1', 'B', 'a/10', 'a'];
      for (const [i, rest] of names.entries()) valueOf(await node.put(keyOf(rest), objectOf(someBytes(i))));
      const area = keyOf('x').slice(0, -2);
      const listed: ListPage['objects'][number][] = [];
      let after: string | undefined = area;
      let pages = 0;
      while (after !== undefined && after <= `${area}/~`) {
        const page: ListPage = valueOf(await node.list({ after, limit: 2 }));
        expect(page.objects.length).toBeLessThanOrEqual(2);
        listed.push(...page.objects.filter(({ key }) => key.startsWith(`${area}/`)));
        after = page.next;
        expect(++pages).toBeLessThan(20);
      }
      const expected = names.map((rest, i) => ({ key: keyOf(rest), size: i }));
      expect(listed).toEqual(expected.sort((a, b) => (a.key < b.key ? -1 : 1)));
    });

    test('[SN8] lists from the start, and nothing after the end', async () => {
      valueOf(await node.put(keyOf('a'), objectOf(someBytes(1))));
      expect(valueOf(await node.list({ limit: 1 })).objects).toHaveLength(1);
      expect(valueOf(await node.list({ after: '~', limit: 1 }))).toEqual({ objects: [], next: undefined });
    });
  });
}

/** Puts an object that expires soon: as soon as this machine manages to put it before. */
async function putShortLived(node: StorageNode, key: ObjectKey): Promise<number> {
  for (let lifetimeMs = 500; lifetimeMs < PATIENCE_MS; lifetimeMs *= 2) {
    const object = objectOf(someBytes(10), Date.now() + lifetimeMs);
    if ((await node.put(key, object)).ok) return object.expiresAt;
  }
  return expect.fail('no put was fast enough');
}

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect.fail(`it did not come about in ${PATIENCE_MS} ms`);
}
