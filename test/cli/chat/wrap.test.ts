import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { wantsColour } from '../../../cli/chat/style.ts';
import { clip, wrapText } from '../../../cli/chat/wrap.ts';

describe('text in rows', () => {
  it('breaks between words, and within those that are too long', () => {
    expect(wrapText('to be or not to be', 8)).toEqual(['to be or', 'not to', 'be']);
    expect(wrapText('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
    expect(wrapText('one\n\ntwo', 10)).toEqual(['one', '', 'two']);
    expect(wrapText('港で九時に', 4)).toEqual(['港で', '九時', 'に']);
    expect(wrapText('👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 3)).toEqual(['👩‍👩‍👧‍👦', '👩‍👩‍👧‍👦']);
  });

  it('loses nothing but spaces, and no row is too wide', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 120 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 40 }), (text, width) => {
        const rows = wrapText(text, width);
        const bare = (words: string) => words.replaceAll(/[ \t\n]/g, '');
        expect(bare(rows.join(''))).toBe(bare(text));
        for (const row of rows) expect(stringWidth(row)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('is cut with a sign where it must be one row', () => {
    expect(clip('short', 10)).toBe('short');
    expect(clip('a longer text', 8)).toBe('a longe…');
    expect(clip('港で九時に', 6)).toBe('港で…');
  });
});

describe('colours', () => {
  it('are for terminals whose owner wants them', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
  });
});
