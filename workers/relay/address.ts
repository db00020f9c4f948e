import type { RelayEnvironment } from '../../durable-objects/index.ts';
import { addressKey, limits, rateLimited, type RelayRefusal } from '../../relay/index.ts';

/**
 * What the sender's address is counted by (`LM5`). Only the header that this deployment's own edge writes is believed;
 * where none is configured, as on a developer's machine, addresses are unknown and nothing is counted by them.
 */
export function addressOf({ headers }: Request, { ADDRESS_HEADER = '' }: RelayEnvironment): string | undefined {
  return ADDRESS_HEADER === '' ? undefined : addressKey(headers.get(ADDRESS_HEADER));
}

/** Whether requests are counted by address at all: it takes the platform's counter, and an edge that names addresses. */
export function countsAddresses({ ADDRESS_LIMIT, ADDRESS_HEADER = '' }: RelayEnvironment): boolean {
  return ADDRESS_LIMIT !== undefined && ADDRESS_HEADER !== '';
}

/** Asks the platform's counter, before anything of the request is read (`LM7`). A counter that fails refuses nobody. */
export async function checkAddress(request: Request, env: RelayEnvironment): Promise<RelayRefusal | undefined> {
  const key = addressOf(request, env);
  if (key === undefined) return undefined;
  const outcome = await env.ADDRESS_LIMIT?.limit({ key }).catch(() => undefined);
  return outcome?.success === false ? rateLimited('address-requests', limits['address-requests'].periodMs) : undefined;
}
