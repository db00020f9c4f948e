import { sha256 as portable } from '@noble/hashes/sha2.js';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256, useSha256, utf8ToBytes, toHex } from '../../../core/index.ts';
import { nodeSha256 } from '../../../sdk/node/index.ts';

afterAll(() => useSha256(portable));

describe('SHA-256', () => {
  it('is the same function on the platform’s implementation, over one part and over several', () => {
    const parts = [new Uint8Array(0), utf8ToBytes('abc'), new Uint8Array(1000).fill(7)];
    const before = [sha256(), sha256(...parts), ...parts.map((part) => sha256(part))];
    useSha256(nodeSha256);
    expect([sha256(), sha256(...parts), ...parts.map((part) => sha256(part))]).toEqual(before);
    expect(toHex(sha256(utf8ToBytes('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('refuses an implementation that is another function, and goes on with the one it had', () => {
    expect(() => useSha256(() => new Uint8Array(32))).toThrow('no SHA-256');
    expect(toHex(sha256(utf8ToBytes('abc')))).toMatch(/^ba7816bf/);
  });
});
