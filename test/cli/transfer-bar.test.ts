import { describe, expect, test } from 'vitest';
import { transferLine } from '../../cli/transfer-bar.ts';

const whole = { bytes: 104_857_600, totalBytes: 104_857_600 };

describe('the bar of a transfer', () => {
  test.each([40, 60, 80, 200])('is one line in %i columns, and says so where nothing moves', (columns) => {
    for (const isStill of [false, true]) {
      const line = transferLine('fetching', whole, { columns, isStill });
      expect(line.length).toBeLessThan(Math.max(columns, 57));
      expect(line.endsWith(', waiting')).toBe(isStill);
      expect(line).toMatch(/^fetching █{4,24} 100 %  100\.0 of 100\.0 MiB/);
    }
  });

  test('is empty before the first byte, and full where there is none', () => {
    const at = (bytes: number, totalBytes: number): string =>
      transferLine('sending', { bytes, totalBytes }, { columns: 80, isStill: false });
    expect(at(0, 1_048_576)).toBe(`sending ${'░'.repeat(24)}   0 %  0.0 of 1.0 MiB`);
    expect(at(0, 0)).toBe(`sending ${'█'.repeat(24)} 100 %  0.0 of 0.0 MiB`);
  });
});
