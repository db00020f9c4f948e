import { encode, err, ok, sha256, tokenState, type EnvelopePost, type MailboxToken } from '../../core/index.ts';
import {
  checkRegister,
  checkToken,
  checkTokenUse,
  hasRoom,
  MAIL_LIFETIME_MS,
  MAX_TOKEN_LIFETIME_MS,
  NO_CHAIN,
  parseRevocation,
  type Answer,
  type Caller,
  type CheckSignatures,
  type RelayRefusal,
} from '../../relay/index.ts';
import type { AccessGate } from '../access/gate.ts';
import type { DeviceStore } from './store.ts';

interface EnvelopeBoxOptions {
  readonly storage: DurableObjectStorage;
  readonly store: DeviceStore;
  readonly gate: AccessGate;
  readonly check: CheckSignatures;
  readonly clock: () => number;
  readonly scheduleExpiry: (dueAt: number) => void;
  readonly announce: (sequence: number) => void;
  readonly markOverflow: () => void;
}

/** Envelopes that others post to a device, and the tokens by which its owner lets them (`SE1`–`SE6`). */
export class EnvelopeBox {
  readonly #options: EnvelopeBoxOptions;

  constructor(options: EnvelopeBoxOptions) {
    this.#options = options;
  }

  /** The membership that a chain grants by was asked for already. A refusal writes nothing but the overflow marker. */
  take(caller: Caller, owner: Uint8Array, { grant, envelope }: EnvelopePost): Answer {
    const { store, gate, clock, markOverflow } = this.#options;
    const now = clock();
    const token = grant.kind === 'token' ? grant.value : undefined;
    const invalid = token && this.#checkToken(token, owner, caller.actor);
    if (invalid !== undefined) return err(invalid);
    const digest = sha256(envelope);
    if (store.envelopes.knows(digest)) return NOTHING;
    const unusable = token && checkTokenUse(token, store.envelopes.register(token.serial));
    if (unusable !== undefined) return err(unusable);
    if (!hasRoom(grant.kind, this.#load(grant, caller.actor, now))) {
      markOverflow();
      return err({ code: 'mailbox-full' });
    }
    const admitted = gate.admit(caller);
    if (!admitted.ok) return admitted;
    this.#put({ grant, envelope }, { digest, sender: caller.actor, now });
    return NOTHING;
  }

  /** Of the owner: voids tokens, and answers the epoch of which they must be. */
  revoke(body: Uint8Array): Answer {
    const { storage, store, clock, scheduleExpiry } = this.#options;
    const revocation = parseRevocation(body);
    if (!revocation.ok) return revocation;
    const { kind, value } = revocation.value;
    const { envelopes } = store;
    if (kind === 'epoch') {
      if (value.epoch > envelopes.epoch()) storage.transactionSync(() => envelopes.raiseEpoch(value.epoch));
    } else {
      const refusal = checkRegister(envelopes.register(value.serial));
      if (refusal !== undefined) return err(refusal);
      const expiresAt = clock() + MAX_TOKEN_LIFETIME_MS;
      envelopes.revoke(value.serial, expiresAt);
      scheduleExpiry(expiresAt);
    }
    return ok(encode(tokenState, { epoch: envelopes.epoch() }));
  }

  #checkToken(token: MailboxToken, owner: Uint8Array, sender: Uint8Array): RelayRefusal | undefined {
    const { check, clock } = this.#options;
    return checkToken(token, { owner, sender, check, clock: clock() });
  }

  #load(grant: EnvelopePost['grant'], sender: Uint8Array, now: number) {
    const { envelopes } = this.#options.store;
    return grant.kind === 'token' ? envelopes.tokenLoad(now) : envelopes.sharedLoad(grant.value.chain, sender, now);
  }

  #put(
    { grant, envelope }: EnvelopePost,
    { digest, sender, now }: { readonly digest: Uint8Array; readonly sender: Uint8Array; readonly now: number },
  ): void {
    const { storage, store, scheduleExpiry, announce } = this.#options;
    const expiresAt = now + MAIL_LIFETIME_MS;
    const about =
      grant.kind === 'token' ? { chain: NO_CHAIN, index: grant.value.serial } : { chain: grant.value.chain, index: 0 };
    storage.transactionSync(() => {
      store.envelopes.put({ ...about, bytes: envelope, digest, sender, createdAt: now, expiresAt });
      scheduleExpiry(expiresAt);
      if (grant.kind === 'chain') return;
      store.envelopes.use(grant.value.serial, grant.value.expiresAt);
      scheduleExpiry(grant.value.expiresAt);
    });
    announce(store.mailbox.lastSeq());
  }
}

const NOTHING: Answer = ok(new Uint8Array());
