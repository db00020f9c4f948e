import { availableParallelism, cpus } from 'node:os';
import type { Measurement } from './measure.ts';

/** `value`, `floor` and `ratio` are medians; `ratio` is the figure divided by the floor of the same rounds. */
export function jsonReport(measurements: readonly Measurement[]): string {
  const results = measurements.map(({ name, value, unit, floor, ratio, spread, target, kind, isMet, extra }) => {
    return {
      name,
      value: round(value),
      unit,
      floor: round(floor),
      ratio: round(ratio),
      spread: spread.map(round),
      target,
      kind,
      isMet,
      ...extra,
    };
  });
  return JSON.stringify({ results });
}

/** At most 80 columns. */
export function tableReport(measurements: readonly Measurement[], rounds: number): string {
  const rows = measurements.map((one) => [
    one.name,
    `${figure(one.value)} ${one.unit}`,
    figure(one.floor),
    one.ratio.toFixed(2),
    one.spread.map((ratio) => ratio.toFixed(2)).join('–'),
    `${one.kind === 'rate' ? '≥' : '≤'} ${one.target}${one.isMet ? '' : '  missed'}`,
  ]);
  const table = [['', 'figure', 'floor', 'ratio', 'spread', 'target'], ...rows];
  const widths = [20, 21, 8, 6, 10, 12];
  const lines = table.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(20) : cell.padStart(widths[i] ?? 0)))
      .join(' ')
      .trimEnd(),
  );
  const extras = measurements.flatMap(({ name, extra }) =>
    Object.entries(extra).map(([key, value]) => `${name}: ${key} ${value}`),
  );
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}; medians of ${rounds} rounds; a ratio is taken within a round`;
  return [...lines, ...extras, '', machine].join('\n');
}

function figure(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
}

/** To six significant digits, not to a number of decimals: a floor of 0.03 ms keeps its ratio too. */
function round(value: number): number {
  return Number(value.toPrecision(6));
}
