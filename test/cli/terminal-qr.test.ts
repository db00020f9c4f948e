import decodeQR from 'qr/decode.js';
import { expect, test } from 'vitest';
import { qrOnScreen } from '../../cli/terminal-qr.ts';

/** As long as a pairing code (`ID12`). */
const code = Array.from({ length: 164 }, (_, i) => 'AZaz09-_'[(i * i + i) % 8]).join('');
const SCALE = 4;

/** What a camera makes of the screen: dark blocks on the light that the colours ask for. */
function picture(shown: string): { width: number; height: number; data: Uint8Array } {
  const rows = shown.split('\n').flatMap((line) => {
    expect(line.startsWith('\x1b[30;107m') && line.endsWith('\x1b[0m')).toBe(true);
    const blocks = Array.from(line.slice('\x1b[30;107m'.length, -'\x1b[0m'.length));
    return [blocks.map((block) => '█▀'.includes(block)), blocks.map((block) => '█▄'.includes(block))];
  });
  const [width, height] = [rows[0]!.length * SCALE, rows.length * SCALE];
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (rows[Math.floor(y / SCALE)]![Math.floor(x / SCALE)])
        data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { width, height, data };
}

test('[ID12] a code on the screen is read as its own characters, and has nothing more', () => {
  const shown = qrOnScreen(code, { columns: 80, rows: 40 });
  expect(decodeQR(picture(shown!))).toBe(code);
});

test('[ID12] a code that has no room is not shown by half', () => {
  const lines = qrOnScreen(code, { columns: 80, rows: 40 })!.split('\n').length;
  expect(qrOnScreen(code, { columns: 80, rows: lines + 1 })).toBeDefined();
  expect(qrOnScreen(code, { columns: 80, rows: lines })).toBeUndefined();
  expect(qrOnScreen(code, { columns: 40, rows: 40 })).toBeUndefined();
  expect(qrOnScreen(code, { columns: undefined, rows: undefined })).toBeUndefined();
});
