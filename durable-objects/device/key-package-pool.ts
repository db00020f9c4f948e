import {
  encode,
  err,
  keyPackageStock,
  ok,
  type ClaimedKeyPackage,
  type ClaimOutcome,
  type KeyPackageStock,
  type Result,
} from '../../core/index.ts';
import {
  checkPool,
  countClaim,
  explainShortage,
  issueClaimToken,
  judgePublication,
  MAX_SEEN_REFS,
  type AdmittedClaim,
  type Answer,
  type CheckSignatures,
  type ClaimTokenKey,
  type NewClaimCounts,
  type RelayRefusal,
} from '../../relay/index.ts';
import type { DeviceStore } from './store.ts';

interface KeyPackagePoolOptions {
  readonly storage: DurableObjectStorage;
  readonly store: DeviceStore;
  readonly check: CheckSignatures;
  /** Undefined on a relay without a key, which hands nothing out. */
  readonly claimTokenKey: ClaimTokenKey | undefined;
  readonly clock: () => number;
  readonly scheduleExpiry: (dueAt: number) => void;
}

/** A device's KeyPackages: what it publishes for those who invite it, and what they get (`KP2`–`KP11`). */
export class KeyPackagePool {
  readonly #options: KeyPackagePoolOptions;

  constructor(options: KeyPackagePoolOptions) {
    this.#options = options;
  }

  publish(device: Uint8Array, body: Uint8Array): Answer {
    const { storage, store, check, clock, scheduleExpiry } = this.#options;
    const now = clock();
    const judged = judgePublication(body, { device, check, clock: now });
    if (!judged.ok) return judged;
    return storage.transactionSync(() => {
      const { keyPackages, replaces } = judged.value;
      // Such a publication fits whatever was there, so nothing is retired for one that is refused below.
      if (replaces) store.keyPackages.retireOthers(keyPackages, now);
      const fresh = keyPackages.filter(({ ref }) => !store.keyPackages.knows(ref));
      const refusal = checkPool(this.#available(), fresh);
      if (refusal !== undefined) return err(refusal);
      store.keyPackages.publish(fresh, now);
      store.keyPackages.forget(MAX_SEEN_REFS);
      for (const { notAfter } of fresh) scheduleExpiry(notAfter);
      return this.answerStock();
    });
  }

  /**
   * For a chain that has answered for the claimer (`KP12`): a KeyPackage, or why there is none. Synchronous to the mark, so
   * claims that arrive together never get the same one (`KP5`).
   */
  handOut(claim: AdmittedClaim, claimer: Uint8Array): ClaimOutcome {
    const { store, claimTokenKey, clock } = this.#options;
    if (claimTokenKey === undefined) return { kind: 'unavailable', value: {} };
    const counts = this.#count(claim, claimer);
    if (!counts.ok) return { kind: 'limited', value: { retryAfterMs: Number(counts.error['retryAfterMs']) } };
    const claimed = this.#claim(claim, claimer, { counts: counts.value, claimTokenKey });
    if (claimed !== undefined) return { kind: 'claimed', value: claimed };
    return explainShortage(store.keyPackages.remains(claim.ciphersuite, clock()));
  }

  /** What the counts would be with this claim, or why it may not be. Writes nothing: a flood of refused claims is cheap. */
  #count({ chain }: AdmittedClaim, claimer: Uint8Array): Result<NewClaimCounts, RelayRefusal> {
    const { claimCounts } = this.#options.store;
    const load = {
      chain: claimCounts.read('chain', chain),
      claimer: claimCounts.read('claimer', claimer),
      size: claimCounts.size(),
      nextEnd: claimCounts.nextExpiry(),
    };
    return countClaim(load, this.#options.clock());
  }

  #claim(
    { device: actor, chain, ciphersuite: suite, credentials }: AdmittedClaim,
    claimer: Uint8Array,
    { counts, claimTokenKey }: { readonly counts: NewClaimCounts; readonly claimTokenKey: ClaimTokenKey },
  ): ClaimedKeyPackage | undefined {
    const { storage, store, clock, scheduleExpiry } = this.#options;
    const now = clock();
    return storage.transactionSync(() => {
      const claimed = store.keyPackages.claim({ suite, credentials }, now);
      if (claimed === undefined) return undefined;
      store.claimCounts.save('chain', chain, counts.chain);
      store.claimCounts.save('claimer', claimer, counts.claimer);
      scheduleExpiry(Math.min(counts.chain.endsAt, counts.claimer.endsAt));
      const { ref, bytes: keyPackage, notAfter } = claimed;
      const token = issueClaimToken({ actor, chain, keyPackageRef: ref, notAfter }, claimTokenKey, now);
      return { ref, keyPackage, token };
    });
  }

  stock(): KeyPackageStock {
    return { suites: [...this.#options.store.keyPackages.stock(this.#options.clock())] };
  }

  answerStock(): Answer {
    return ok(encode(keyPackageStock, this.stock()));
  }

  /** Of all suites together, which share the pool (`KP3`). */
  #available(): number {
    return this.stock().suites.reduce((sum, { available }) => sum + available, 0);
  }
}
