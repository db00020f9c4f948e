import { describe, expect, test } from 'vitest';
import { isProblemCode, problemOf, problems, type Refusal } from '../../../core/index.ts';

describe('a problem', () => {
  test('[PR2] says what, why and what to do, by its code', () => {
    expect(problemOf({ code: 'last-owner' })).toEqual({
      type: '/docs#last-owner',
      title: 'A group keeps at least one owner; make another one first.',
      status: 409,
      code: 'last-owner',
    });
  });

  test('[PR3] shows the details of its refusal: bytes as base64url, numbers as decimal text', () => {
    const refusal = {
      code: 'commit-lost',
      epoch: 2 ** 53 - 1,
      winner: Uint8Array.of(0xfb, 0xff),
      proposals: [Uint8Array.of(1), Uint8Array.of(2)],
      head: { index: 7, hash: Uint8Array.of(3), closed: false },
      reason: 'lost',
    } as const;
    expect(problemOf(refusal)).toMatchObject({
      epoch: '9007199254740991',
      winner: '-_8',
      proposals: ['AQ', 'Ag'],
      head: { index: '7', hash: 'Aw', closed: false },
      reason: 'lost',
    });
  });

  test('[PR3] leaves out nothing silently: what JSON can not say is null', () => {
    const refusal = { code: 'internal', nothing: undefined, none: null, large: 1n, call: () => 1 } as Refusal;
    expect(problemOf(refusal)).toMatchObject({ nothing: null, none: null, large: null, call: null });
  });

  test('[PR3] keeps its own members whatever a refusal calls its details', () => {
    const refusal = { code: 'not-permitted', type: 513, status: 200, title: 'fine', cause: 'x' } as Refusal;
    const { type, status, title, code, cause } = problemOf(refusal);
    expect([type, status, code, cause]).toEqual(['/docs#not-permitted', 403, 'not-permitted', 'x']);
    expect(title).toBe(problems['not-permitted'].title);
  });
});

describe('the table of problems', () => {
  const entries = Object.entries(problems);

  test.each(entries)('[PR1] %s is kebab-case, with an error status and a sentence', (code, { status, title }) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z].{10,100}\.$/);
  });

  test('[PR1] tells no two refusals in the same words', () => {
    expect(new Set(entries.map(([, { title }]) => title)).size).toBe(entries.length);
  });

  test('[PR1] knows its own codes and no others', () => {
    expect(entries.every(([code]) => isProblemCode(code))).toBe(true);
    for (const other of ['', 'toString', '__proto__', 'constructor', 'Not-Permitted', 7, undefined])
      expect(isProblemCode(other)).toBe(false);
  });
});
