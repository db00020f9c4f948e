import { err, ok, type Result } from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { DECIMAL } from '../http/decimal.ts';

/** The parameters of a query that may have these; one that it may not have, or has twice, is refused by name (`HT6`). */
export function readQuery<Name extends string>(
  url: URL,
  names: readonly Name[],
): Result<Partial<Readonly<Record<Name, string>>>, RelayRefusal> {
  const query: Partial<Record<Name, string>> = {};
  for (const [parameter, value] of url.searchParams) {
    const name = names.find((known) => known === parameter);
    if (name === undefined || query[name] !== undefined) return malformed(parameter);
    query[name] = value;
  }
  return ok(query);
}

/** A number in the one spelling that it has (`WI3`), from `least` to `most`; undefined for anything else. */
export function parseDecimal(text: string | undefined, least: number, most: number): number | undefined {
  const value = text !== undefined && DECIMAL.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}

export function malformed(parameter: string): ReturnType<typeof err<RelayRefusal>> {
  return err({ code: 'malformed-request', parameter });
}
