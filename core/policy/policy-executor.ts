import type { PolicyOutcome } from './run-policy.ts';

/** Records in one call of an executor (`PX8`). */
export const MAX_BATCH_EVENTS = 64;

/** Records that a policy decides over one after the other, each with the state that the one before has left. */
export interface PolicyBatch {
  readonly state: Uint8Array;
  /** Encoded PolicyRecords, at most `MAX_BATCH_EVENTS`. */
  readonly events: readonly Uint8Array[];
  /** For each of them. */
  readonly fuel: number;
  /** Of guarded events, which leave no state: each finds the first one (`PB9`). */
  readonly isReadOnly?: boolean;
}

/**
 * Runs policies: in an isolate, in Node, in a browser. A module is named by its SHA-256; where its bytes come from is the
 * executor's matter, and that they are the module's. Rejects where the host fails; nothing is decided then.
 */
export interface PolicyExecutor {
  /** One outcome a record, in order. */
  decide(module: Uint8Array, batch: PolicyBatch): Promise<readonly PolicyOutcome[]>;
  /** Hands the module the state of the version before it (`PX6`). */
  migrate(module: Uint8Array, call: Pick<PolicyBatch, 'state' | 'fuel'>): Promise<PolicyOutcome>;
}

/** What the policy of a chain has to be asked before an event of the chain is decided. */
export type ChainPolicyCall =
  | {
      readonly kind: 'apply';
      readonly module: Uint8Array;
      readonly state: Uint8Array;
      /** An encoded PolicyRecord. */
      readonly event: Uint8Array;
      readonly fuel: number;
      /** The policy may reject; what it leaves as its state is dropped (`PB9`). */
      readonly isGuarded: boolean;
    }
  | { readonly kind: 'migrate'; readonly module: Uint8Array; readonly state: Uint8Array; readonly fuel: number };

/** What a policy said, with what it was asked: it counts for that alone. */
export interface PolicyVerdict {
  readonly call: ChainPolicyCall;
  readonly outcome: PolicyOutcome;
}
