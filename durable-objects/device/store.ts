import { drizzle } from 'drizzle-orm/durable-sqlite';
import { AccessStore } from '../access/store.ts';
import { ClosureStore } from './store/closure.ts';
import { ClaimCountStore } from './store/claim-counts.ts';
import { EnvelopeStore } from './store/envelopes.ts';
import { KeyPackageStore } from './store/key-packages.ts';
import { MailboxStore } from './store/mailbox.ts';

export type { Mail, MailPageQuery, NewMail } from './store/mailbox.ts';

/** A device object's storage, a store a table. They keep and give back rows and decide nothing. */
export class DeviceStore {
  readonly keyPackages: KeyPackageStore;
  readonly claimCounts: ClaimCountStore;
  readonly mailbox: MailboxStore;
  readonly envelopes: EnvelopeStore;
  readonly access: AccessStore;
  readonly closure: ClosureStore;

  /** Over migrated storage. */
  constructor(storage: DurableObjectStorage) {
    const { sql } = storage;
    this.keyPackages = new KeyPackageStore(sql, drizzle(storage));
    this.claimCounts = new ClaimCountStore(sql);
    this.mailbox = new MailboxStore(sql);
    this.envelopes = new EnvelopeStore(sql);
    this.access = new AccessStore(sql);
    this.closure = new ClosureStore(storage);
  }
}
