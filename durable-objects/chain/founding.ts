import { chainMigrations } from '../../migrations/index.ts';
import { chainIdOf, decodeTrusted, entryCodec, type ChainId } from '../../core/index.ts';
import type { Founding } from '../../relay/index.ts';
import { applyMigrations } from '../migrate.ts';
import { LogStore } from './store/log.ts';

const HAS_LOG = `SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'log'`;

/**
 * The chain that this object's storage holds, brought to the newest schema. Undefined for an object that was only asked
 * about: it has no tables, and asking leaves none behind, so probing for chains costs the operator no storage.
 */
export function openStorage(storage: DurableObjectStorage): ChainId | undefined {
  if (storage.sql.exec(HAS_LOG).toArray().length === 0) return undefined;
  applyMigrations(storage, chainMigrations);
  const genesis = new LogStore(storage.sql).entry(0);
  return genesis && chainOf(genesis);
}

/** Makes the tables and writes entry 0. */
export function writeGenesis(storage: DurableObjectStorage, { entry }: Founding): void {
  applyMigrations(storage, chainMigrations);
  storage.transactionSync(() => new LogStore(storage.sql).append([entry]));
}

function chainOf(genesis: Uint8Array): ChainId {
  const { event, signature } = decodeTrusted(entryCodec, genesis);
  return chainIdOf({ tbs: event, signature });
}
