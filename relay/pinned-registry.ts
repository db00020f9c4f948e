import { fromBase64Url, parseChainId } from '../core/index.ts';
import type { Variables } from './limits/limit-table.ts';

/** Whose modules a deployment trusts (`AR15`). */
export interface ConfiguredRegistry {
  /** Chain id in base64url; undefined where none is pinned. */
  readonly registry: string | undefined;
  /** Variables that can't be understood. */
  readonly faults: readonly string[];
}

/** Reads `REGISTRY`. What is no chain id pins nothing: a mistyped one never lets another chain stand for the registry. */
export function configureRegistry(variables: Variables): ConfiguredRegistry {
  const { REGISTRY: value = '' } = variables;
  if (value === '') return { registry: undefined, faults: [] };
  const isPin = typeof value === 'string' && parseChainId(fromBase64Url(value)) !== undefined;
  return isPin ? { registry: value, faults: [] } : { registry: undefined, faults: ['REGISTRY'] };
}
