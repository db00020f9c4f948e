import { opaque, opaqueVector, sortedVector, struct, uint16, uint64, type Decoded } from '../../../codec/index.ts';
import { HASH_BYTES, type Event } from '../../../event/index.ts';
import type { ChainPolicyCall } from '../../../policy/policy-executor.ts';
import { encodePolicyRecord } from '../../../policy/policy-record.ts';
import { MAX_POLICY_FUEL, MAX_POLICY_STATE_BYTES } from '../../../policy/run-policy.ts';
import { checkValidity } from '../../registry/module-published.ts';
import type { ModuleManifest } from '../../registry/module-manifest.ts';
import { findModule, moduleRevokedAt } from '../../registry/registry-state.ts';
import type { RuleRefusal } from '../../rule.ts';
import type { FollowedRegistry } from './followed-registry.ts';

/** Event types that one policy guards. */
const MAX_GUARDS = 16;

/** Built-in event types in rising order. */
export const guardsCodec = sortedVector(uint16, MAX_GUARDS, (a, b) => a - b);

/** The policy in force, with the state that it has left (`PB5`). */
export const boundPolicyCodec = struct('BoundPolicy', {
  /** SHA-256 of the module, as the registry lists it. */
  module: opaque(HASH_BYTES),
  guards: guardsCodec,
  /** Entry that put this module in force. */
  since: uint64,
  /** What the module makes of it is its own matter. */
  state: opaqueVector(MAX_POLICY_STATE_BYTES),
});

export type BoundPolicy = Decoded<typeof boundPolicyCodec>;

/** The part of a group's state that says what its policy may do. */
export interface PolicyParts {
  readonly registry: FollowedRegistry | undefined;
  readonly policy: BoundPolicy | undefined;
}

/** The manifest of a module that the registry lists, as far as the group knows it. */
export function manifestOf({ state }: FollowedRegistry, module: Uint8Array): ModuleManifest | undefined {
  return findModule(state, module)?.manifest;
}

/** Whether a module may decide at that relay time (`PB4`, `AR13`): what signed for it was checked when it was imported. */
export function checkTrust(registry: FollowedRegistry, module: Uint8Array, at: number): RuleRefusal | undefined {
  const revokedAt = moduleRevokedAt(registry.state, module);
  if (revokedAt !== undefined) return { code: 'module-revoked', at: revokedAt };
  const manifest = manifestOf(registry, module);
  return manifest === undefined ? { code: 'module-not-published' } : checkValidity(manifest, at);
}

/** The same for the policy in force; a group without one has none to ask. */
export function checkInForce({ registry, policy }: PolicyParts, at: number): RuleRefusal | undefined {
  return registry === undefined || policy === undefined ? undefined : checkTrust(registry, policy.module, at);
}

/** Fuel that the manifest grants each call, within what any chain may use (`PB6`). */
export function fuelOf(registry: FollowedRegistry, module: Uint8Array): number {
  return Math.min(manifestOf(registry, module)?.fuel ?? 0, MAX_POLICY_FUEL);
}

/** What the policy in force is to be asked about an event; undefined without a policy. */
export function callAbout(
  { registry, policy }: PolicyParts,
  event: Pick<Event, 'actor' | 'type' | 'body'>,
  { relayTime, isGuarded }: { readonly relayTime: number; readonly isGuarded: boolean },
): ChainPolicyCall | undefined {
  if (registry === undefined || policy === undefined) return undefined;
  return {
    kind: 'apply',
    module: policy.module,
    state: policy.state,
    event: encodePolicyRecord(event, relayTime),
    fuel: fuelOf(registry, policy.module),
    isGuarded,
  };
}
