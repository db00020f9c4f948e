import { drizzle } from 'drizzle-orm/durable-sqlite';
import { AccessStore } from '../access/store.ts';
import { ClaimWindowStore } from './store/claim-windows.ts';
import { KeyPackageStore } from './store/key-packages.ts';
import { MailboxStore } from './store/mailbox.ts';

export type { Mail, NewMail } from './store/mailbox.ts';

/** A device object's storage, a store a table. They keep and give back rows and decide nothing. */
export class DeviceStore {
  readonly keyPackages: KeyPackageStore;
  readonly claimWindows: ClaimWindowStore;
  readonly mailbox: MailboxStore;
  readonly access: AccessStore;

  /** Over migrated storage. */
  constructor(storage: DurableObjectStorage) {
    const { sql } = storage;
    this.keyPackages = new KeyPackageStore(sql, drizzle(storage));
    this.claimWindows = new ClaimWindowStore(sql);
    this.mailbox = new MailboxStore(sql);
    this.access = new AccessStore(sql);
  }
}
