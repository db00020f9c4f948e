import { expect, it } from 'vitest';
import { fold, foldLines } from '../../cli/fold.ts';

it('what is too long for a terminal goes on below itself, and is whole in a pipe or where there is no room at all', () => {
  const text = 'bring it back, or have a spare take its place';
  expect(fold('  ok  ', text, 30)).toEqual(['  ok  bring it back, or have a', '      spare take its place']);
  for (const columns of [20, Number.POSITIVE_INFINITY])
    expect(fold('  ok  ', text, columns)).toEqual([`  ok  ${text}`]);
});

it('what went wrong is told in lines that fit the terminal, each as far in as it began, and a pipe gets it as it is', () => {
  const text = 'terachat: There is no node node-9.\n\n  These have one: node-0, node-1, node-2';
  expect(foldLines(text, 30).split('\n')).toEqual([
    'terachat: There is no node',
    '  node-9.',
    '',
    '  These have one: node-0,',
    '    node-1, node-2',
  ]);
  expect(foldLines('word '.repeat(9).trim(), 24).split('\n')).toEqual([
    'word word word word',
    '  word word word word',
    '  word',
  ]);
  expect(foldLines(text, Number.POSITIVE_INFINITY)).toBe(text);
});
