import { fromBase64Url, parseActorKey } from '../core/index.ts';
import type { Variables } from './limits/limit-table.ts';

/** Who may look after the cluster (`CR10`). */
export interface ConfiguredOperators {
  /** Keys in base64url. */
  readonly operators: ReadonlySet<string>;
  /** Variables that can't be understood. */
  readonly faults: readonly string[];
}

/**
 * Reads `OPERATORS`: keys, between commas or spaces. Where one of them is no key there is no operator at all: a list that was
 * misspelt must let in nobody.
 */
export function configureOperators(variables: Variables): ConfiguredOperators {
  const value = variables['OPERATORS'];
  const keys = typeof value === 'string' ? value.split(/[\s,]+/).filter((key) => key !== '') : [];
  const isValid = keys.every((key) => parseActorKey(fromBase64Url(key) ?? new Uint8Array()) !== undefined);
  return isValid ? { operators: new Set(keys), faults: [] } : { operators: new Set(), faults: ['OPERATORS'] };
}
