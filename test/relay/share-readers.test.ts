import { describe, expect, test } from 'vitest';
import { ShareReaders } from '../../relay/index.ts';

describe('who reads through shares', () => {
  test('[SK14] is what each share told last; who reads in two shares is there until both have seen them go', () => {
    const readers = new ShareReaders();
    expect(readers.replace(1, ['alice', 'bob'])).toEqual({ arrived: ['alice', 'bob'], departed: [] });
    expect(readers.replace(2, ['alice'])).toEqual({ arrived: ['alice'], departed: [] });
    expect(readers.replace(1, ['carol', 'bob'])).toEqual({ arrived: ['carol'], departed: ['alice'] });
    expect(['alice', 'bob', 'carol', 'dave'].map((key) => readers.has(key))).toEqual([true, true, true, false]);
    readers.replace(2, []);
    expect(readers.has('alice')).toBe(false);
  });
});
