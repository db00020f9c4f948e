import {
  equalBytes,
  meterModule,
  sha256,
  toHex,
  verifyModuleStatically,
  type PolicyExecutor,
  type RelayPolicies,
} from '../../core/index.ts';
import type { Answer } from '../../relay/index.ts';
import { bundledExecutor, bundledModules } from '../policy/bundled-policies.ts';
import { PacedExecutor, PolicyPace } from '../policy/paced-executor.ts';
import { IsolateExecutor } from '../policy/policy-isolate.ts';
import type { RelayEnvironment } from './environment.ts';

/** One for each isolate, whose objects share a thread. */
const pace = new PolicyPace();

/** What `policyExecutorOf` can run, for whoever has to know before a group's policy is asked in vain (`PX11`). */
export function describePolicies({ POLICY_LOADER: loader }: RelayEnvironment): RelayPolicies {
  if (loader !== undefined) return { run: 'isolates', modules: [] };
  const modules = bundledModules();
  return { run: modules.length > 0 ? 'bundled' : 'none', modules };
}

/** Runs policies as this deployment can: in isolates where it has a loader, else those that it was given. */
export function policyExecutorOf(env: RelayEnvironment): PolicyExecutor {
  const { POLICY_LOADER: loader } = env;
  const executor =
    loader === undefined ? bundledExecutor : new IsolateExecutor(loader, (hash) => meteredModule(env, hash));
  return new PacedExecutor(executor, { pace, clock: () => Date.now(), delay });
}

function delay(ms: number): Promise<void> {
  // eslint-disable-next-line no-restricted-globals -- ends within the call that waits for it
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A module of the registry that this deployment has pinned: what nobody whom it trusts has signed, it does not run. */
async function meteredModule({ CHAIN, REGISTRY = '' }: RelayEnvironment, hash: Uint8Array): Promise<Uint8Array> {
  if (REGISTRY === '') throw new Error('this deployment has pinned no registry');
  const registry = CHAIN.getByName(REGISTRY) as unknown as { module(hash: Uint8Array): Promise<Answer> };
  const answer = await registry.module(hash);
  if (!answer.ok || !equalBytes(sha256(answer.value), hash))
    throw new Error(`no module ${toHex(hash)} in the registry`);
  const verified = verifyModuleStatically(answer.value);
  if (!verified.ok) throw new Error(`the module ${toHex(hash)} is refused: ${verified.error.rule}`);
  return meterModule(verified.value);
}
