import { expect, it } from 'vitest';
import { Claims } from '../../cli/demo/claims.ts';

it('the demo has all titles in the column of its claims, also from chapter 10 on', () => {
  const lines: string[] = [];
  const claims = new Claims({
    isJson: false,
    result: (_, text) => lines.push(text.trimStart()),
    note: () => undefined,
  });
  for (let chapter = 1; chapter <= 10; chapter++) claims.chapter('Title');
  expect([lines[0], lines[9]]).toEqual(['1  Title', '10 Title']);
});
