import {
  equalBytes,
  meterModule,
  sha256,
  toHex,
  verifyModuleStatically,
  type PolicyExecutor,
} from '../../core/index.ts';
import type { Answer } from '../../relay/index.ts';
import { bundledExecutor } from '../policy/bundled-policies.ts';
import { IsolateExecutor } from '../policy/policy-isolate.ts';
import type { RelayEnvironment } from './environment.ts';

/** Runs policies as this deployment can: in isolates where it has a loader, else those that it was given. */
export function policyExecutorOf(env: RelayEnvironment): PolicyExecutor {
  const { POLICY_LOADER: loader } = env;
  return loader === undefined ? bundledExecutor : new IsolateExecutor(loader, (hash) => meteredModule(env, hash));
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
