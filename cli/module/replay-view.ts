import { toHex, type Json } from '../../core/index.ts';
import { table } from '../output.ts';
import { printable } from '../printable.ts';
import type { Replay, Verdict } from './replay.ts';

/** Of a key or a hash. */
const LABELLED_BYTES = 32;
const BYTES_A_LINE = 16;
/** Of the state that people are shown; programs get all of it. */
const MAX_STATE_LINES = 64;
const MAX_WHO_LENGTH = 12;

/** A replay for programs. */
export function replayDocument({ verdicts, state, mostFuel }: Replay): Json {
  return {
    ok: verdicts.every(({ isExpected }) => isExpected),
    records: verdicts.map(({ record, text, fuel, isExpected }) => ({
      actor: record.who,
      at: new Date(record.relayTime).toISOString(),
      verdict: text,
      expected: record.expected ?? null,
      ok: isExpected,
      fuel: fuel ?? null,
    })),
    mostFuel,
    state: toHex(state),
  };
}

/** The same for people: a line a record, what was wrong, and the state. */
export function replayText({ verdicts, state, mostFuel }: Replay, labels: ReadonlyMap<string, string>): string {
  const wrong = verdicts.filter(({ isExpected }) => !isExpected).length;
  const expected = verdicts.filter(({ record }) => record.expected !== undefined).length;
  const right = expected === verdicts.length ? 'all' : String(expected);
  const sum = wrong > 0 ? `${wrong} not as expected` : `${right} as expected`;
  const facts = table([
    ['records', `${verdicts.length}, ${sum}`],
    ['fuel', `${mostFuel.toLocaleString('en')} for the dearest`],
    ['state', `${state.length.toLocaleString('en')} bytes`],
  ]);
  return [verdictLines(verdicts).join('\n'), facts, stateLines(state, labels).join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

function verdictLines(verdicts: readonly Verdict[]): readonly string[] {
  const places = String(verdicts.length).length;
  const who = Math.max(...verdicts.map(({ record }) => shorten(record.who).length));
  const fuel = Math.max(...verdicts.map((verdict) => fuelText(verdict).length));
  return verdicts.flatMap((verdict, i) => {
    const { record, text, isExpected } = verdict;
    const cells = [
      String(i + 1).padStart(places),
      shorten(record.who).padEnd(who),
      text.padEnd('stopped output'.length),
      fuelText(verdict).padStart(fuel),
      printable(record.note),
    ];
    const line = `${isExpected ? ' ' : '✗'} ${cells.join('  ')}`.trimEnd();
    return isExpected ? [line] : [line, `${' '.repeat(places + who + 6)}expected: ${record.expected ?? ''}`];
  });
}

function fuelText({ fuel }: Verdict): string {
  return fuel === undefined ? '–' : fuel.toLocaleString('en');
}

function shorten(who: string): string {
  const text = printable(who);
  return text.length > MAX_WHO_LENGTH ? `${text.slice(0, MAX_WHO_LENGTH - 1)}…` : text;
}

/** The bytes of a state with their places. What the records have a name for stands as that: most of a state is keys and hashes. */
function stateLines(state: Uint8Array, labels: ReadonlyMap<string, string>): readonly string[] {
  const labelAt = (at: number): string | undefined => labels.get(toHex(state.subarray(at, at + LABELLED_BYTES)));
  const lines: string[] = [];
  for (let at = 0; at < state.length && lines.length < MAX_STATE_LINES;) {
    const label = labelAt(at);
    let end = at + LABELLED_BYTES;
    if (label === undefined) {
      end = at + 1;
      while (end < state.length && end - at < BYTES_A_LINE && labelAt(end) === undefined) end += 1;
    }
    lines.push(
      `  ${String(at).padStart(6)}  ${label === undefined ? toHex(state.subarray(at, end)) : printable(label)}`,
    );
    at = end;
  }
  return lines;
}
