import type { VerifyJob } from '../crypto/index.ts';
import type { EventDefinition } from '../event/index.ts';
import type { ChainPolicyCall } from '../policy/policy-executor.ts';
import type { PolicyOutcome, PolicyStop } from '../policy/run-policy.ts';
import type { GenesisRefusal } from './genesis.ts';
import type { AccountFactsRefusal } from './group/accounts/account-facts.ts';
import type { SizeRefusal } from './group/group-size.ts';
import type { RegistryRefusal } from './registry/refusal.ts';

/** The place in the log that a relay gives, or gave, to an event. */
export interface Place {
  readonly index: number;
  /** The entry's `relay_time`: the only clock that a rule may look at, since an auditor reads the same (`AU3`). */
  readonly relayTime: number;
}

/** Where in the log an event stands when it is applied, and what its envelope says. */
export interface Position extends Place {
  readonly actor: Uint8Array;
  readonly chain: Uint8Array;
  readonly eventId: Uint8Array;
  /** How signatures in the body are verified; at once and by the whole admission rule where it is not said. */
  readonly verify?: ((jobs: readonly VerifyJob[]) => readonly boolean[]) | undefined;
}

/** A refusal that follows from the chain's state and the event alone, so that an auditor reaches it too. */
export type RuleRefusal =
  | GenesisRefusal
  | RegistryRefusal
  | { readonly code: 'not-permitted' }
  | { readonly code: 'actor-removed'; readonly at: number }
  | { readonly code: 'unknown-event-type'; readonly eventType: number }
  | { readonly code: 'wrong-membership'; readonly membership: 'plain' | 'mls' }
  | { readonly code: 'already-member' }
  | { readonly code: 'no-such-member' }
  | { readonly code: 'last-owner' }
  | { readonly code: 'roster-full'; readonly limit: number; readonly actual: number }
  | SizeRefusal
  | { readonly code: 'already-created' }
  | { readonly code: 'unsupported-ciphersuite' }
  | { readonly code: 'mls-not-created' }
  | { readonly code: 'group-reinitialised'; readonly successor: Uint8Array }
  | { readonly code: 'no-such-commit' }
  | { readonly code: 'own-commit' }
  | { readonly code: 'already-reported' }
  | { readonly code: 'opaque-handshakes' }
  | { readonly code: 'welcome-mismatch' }
  | { readonly code: 'future-epoch'; readonly epoch: number }
  | AccountFactsRefusal
  | { readonly code: 'account-named' }
  | { readonly code: 'no-such-account' }
  | { readonly code: 'foreign-account' }
  | { readonly code: 'too-many-accounts'; readonly limit: number; readonly actual: number }
  | { readonly code: 'device-revoked' }
  | { readonly code: 'epoch-closed'; readonly epoch: number }
  | { readonly code: 'wrong-epoch'; readonly epoch: number }
  | { readonly code: 'invalid-device-name' }
  | { readonly code: 'key-in-use' }
  | { readonly code: 'too-many-devices'; readonly limit: number; readonly actual: number }
  | { readonly code: 'device-list-full'; readonly limit: number; readonly actual: number }
  | { readonly code: 'invalid-proof' }
  | { readonly code: 'no-such-device' }
  | { readonly code: 'last-device' }
  | { readonly code: 'waiting-too-long'; readonly maxMs: number }
  | { readonly code: 'recovery-pending'; readonly at: number }
  | { readonly code: 'no-such-recovery' }
  | { readonly code: 'recovery-waiting'; readonly until: number }
  | PolicyRefusal;

/** What a group refuses for the sake of its policy. */
export type PolicyRefusal =
  | { readonly code: 'foreign-registry' }
  | { readonly code: 'registry-not-followed' }
  | { readonly code: 'module-not-published' }
  | { readonly code: 'unguardable-event-type'; readonly eventType: number }
  | { readonly code: 'policy-in-force' }
  | { readonly code: 'no-policy' }
  | { readonly code: 'policy-undecided' }
  | { readonly code: 'policy-rejected'; readonly reason: number }
  | { readonly code: 'policy-stopped'; readonly cause: PolicyStop }
  | {
      readonly code: 'policy-migration-failed';
      readonly reason: number | undefined;
      readonly cause: PolicyStop | undefined;
    };

/** A policy had nothing against it, and left this state. */
export type PolicyConsent = Extract<PolicyOutcome, { readonly kind: 'accepted' }>;

/** Bytes that an entry names by hash and does not hold. */
export interface PayloadName {
  readonly hash: Uint8Array;
  readonly size: number;
}

/**
 * One event type's whole meaning on one kind of chain. `permit` looks at who acts, `check` at whether it fits the state;
 * `apply` is called only after both and can't fail. All three are pure.
 */
export interface Rule<State, Body> {
  readonly definition: EventDefinition<Body>;
  permit(state: State, actor: Uint8Array, body: Body): RuleRefusal | undefined;
  check(state: State, position: Position, body: Body): RuleRefusal | undefined;
  /** `consent` is there where `policyCall` asked for it. */
  apply(state: State, position: Position, body: Body, consent?: PolicyConsent): State;
  /** What the chain's policy is asked, once `check` has nothing against it (`AP9`). */
  policyCall?(state: State, position: Position, body: Body): ChainPolicyCall | undefined;
  /** The payload that must be in hand before the event is sequenced (`PL1`). */
  payload?(body: Body): PayloadName;
  /** Taken also in a group that has ended: what was there is still read (`GM42`). */
  readonly outlivesGroup?: boolean;
}

/** A table of rules with different bodies. Each rule is only ever called with a body that its own codec decoded. */
export type RuleTable<State> = ReadonlyMap<number, Rule<State, unknown>>;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the bodies differ per rule; the map pairs each with its codec
export function ruleTable<State>(rules: readonly Rule<State, any>[]): RuleTable<State> {
  return new Map(rules.map((rule) => [rule.definition.type, rule]));
}
