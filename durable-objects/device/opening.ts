import { deviceMigrations } from '../../migrations/index.ts';
import { applyMigrations } from '../migrate.ts';

const HAS_MAILBOX = `SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'mailbox'`;

/**
 * Whether this object holds a device. One that was only asked about has no tables, and asking leaves none behind: anyone
 * can make up actors, and would otherwise fill the operator's storage by asking for them (`KP9`).
 */
export function holdsDevice(storage: DurableObjectStorage): boolean {
  return storage.sql.exec(HAS_MAILBOX).toArray().length > 0;
}

/** Makes the tables, or brings them to the newest schema. */
export function prepareStorage(storage: DurableObjectStorage): void {
  applyMigrations(storage, deviceMigrations);
}
