import { fold } from '../fold.ts';
import type { Output } from '../output.ts';

/** `warn` works for now, `fail` does not; both say what to do. */
export type Check = {
  /** Stable, for programs. */
  readonly name: string;
  /** What was found. */
  readonly found: string;
} & ({ readonly status: 'ok' } | { readonly status: 'warn' | 'fail'; readonly todo: string });

export function pass(name: string, found: string): Check {
  return { name, found, status: 'ok' };
}

export function warn(name: string, found: string, todo: string): Check {
  return { name, found, status: 'warn', todo };
}

export function fail(name: string, found: string, todo: string): Check {
  return { name, found, status: 'fail', todo };
}

const STATUS_WIDTH = 4;
const INDENT = '  ';

/** A line for each check, and one below it for what to do; in a terminal as many as it takes. */
export function reportChecks(checks: readonly Check[], output: Output): void {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap((check) => {
    const found = fold(`${INDENT}${check.status.padEnd(STATUS_WIDTH)}  ${check.name.padEnd(width)}  `, check.found);
    const below = ' '.repeat(INDENT.length + STATUS_WIDTH + width + 4);
    return check.status === 'ok' ? found : [...found, ...fold(`${below}→ `, check.todo)];
  });
  const isOk = checks.every(({ status }) => status !== 'fail');
  output.result({ ok: isOk, checks: checks.map((check) => ({ todo: null, ...check })) }, lines.join('\n'));
}
