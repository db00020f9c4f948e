import { expect, it } from 'vitest';
import { fold } from '../../cli/fold.ts';

it('what is too long for a terminal goes on below itself, and is whole in a pipe or where there is no room at all', () => {
  const text = 'bring it back, or have a spare take its place';
  expect(fold('  ok  ', text, 30)).toEqual(['  ok  bring it back, or have a', '      spare take its place']);
  for (const columns of [20, Number.POSITIVE_INFINITY])
    expect(fold('  ok  ', text, columns)).toEqual([`  ok  ${text}`]);
});
