import { CallerLimits, type ClaimTokenKey, type Limits } from '../../relay/index.ts';
import { AccessGate } from '../access/gate.ts';
import { JobScheduler } from '../jobs/index.ts';
import { ed25519Checker } from '../platform/ed25519.ts';
import { reportJobFailure } from '../platform/incident.ts';
import { EnvelopeBox } from './envelopes.ts';
import { KeyPackagePool } from './key-package-pool.ts';
import { Mailbox } from './mailbox.ts';
import { MailboxSockets } from './sockets.ts';
import { DeviceStore } from './store.ts';

/** What its own actor is told from then on. */
export const REVOKED = { code: 'device-revoked' } as const;

/** Rows of each kind that one step of the expiry job drops. */
const EXPIRY_ROWS = 500;

export interface OpenDeviceOptions {
  readonly ctx: DurableObjectState;
  readonly limits: Limits;
  readonly claimTokenKey: ClaimTokenKey | undefined;
  readonly clock: () => number;
}

/** A device in the memory of its object: its parts, and which of them tells which. */
export class OpenDevice {
  readonly gate: AccessGate;
  readonly jobs: JobScheduler<'access' | 'expiry' | 'unopened'>;
  readonly keyPackages: KeyPackagePool;
  readonly mailbox: Mailbox;
  readonly envelopes: EnvelopeBox;
  readonly sockets: MailboxSockets;
  readonly #store: DeviceStore;
  #isClosed: boolean;

  /** Over prepared storage. */
  constructor({ ctx, limits, claimTokenKey, clock }: OpenDeviceOptions) {
    const { storage } = ctx;
    const store = new DeviceStore(storage);
    this.#store = store;
    this.#isClosed = store.closure.isClosed();
    const steps = {
      access: (now: number) => this.gate.sweep(now),
      expiry: (now: number) => this.#expire(now),
      unopened: (now: number) => this.sockets.sweep(now),
    };
    this.jobs = new JobScheduler(storage, steps, clock, { onFailure: reportJobFailure });
    const scheduleExpiry = (at: number): void => this.jobs.schedule('expiry', at);
    this.gate = new AccessGate({
      store: store.access,
      clock,
      limits: new CallerLimits(limits),
      scheduleSweep: (at) => this.jobs.schedule('access', at),
    });
    const check = ed25519Checker();
    this.keyPackages = new KeyPackagePool({ storage, store, check, claimTokenKey, clock, scheduleExpiry });
    const announce = (sequence: number): void => this.sockets.announce(sequence);
    const stock = () => this.keyPackages.stock();
    this.mailbox = new Mailbox({ storage, store, clock, scheduleExpiry, stock, announce });
    const markOverflow = (): void => this.mailbox.markOverflow();
    const { gate } = this;
    this.envelopes = new EnvelopeBox({ storage, store, gate, check, clock, scheduleExpiry, announce, markOverflow });
    this.sockets = new MailboxSockets({
      ctx,
      clock,
      mailbox: this.mailbox,
      redeem: (ticket, origin) => this.gate.redeem(ticket, origin),
      scheduleSweep: (at) => this.jobs.schedule('unopened', at),
    });
  }

  /** Whether its account has revoked it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** For good (`NA14`). Whoever reads here live is told. */
  close(): void {
    this.#store.closure.close();
    this.#isClosed = true;
    this.sockets.endAll(REVOKED);
  }

  /** Job step: mail that nobody fetched, KeyPackages and tokens that lapsed, counts that ended. */
  #expire(now: number): number | undefined {
    const { claimCounts, envelopes, keyPackages, mailbox } = this.#store;
    const stores = [claimCounts, envelopes, keyPackages, mailbox];
    const dropped = stores.map((store) => store.dropExpired(now, EXPIRY_ROWS));
    if (dropped.some((rows) => rows >= EXPIRY_ROWS)) return now;
    const next = Math.min(...stores.map((store) => store.nextExpiry() ?? Infinity));
    return next < Infinity ? next : undefined;
  }
}
