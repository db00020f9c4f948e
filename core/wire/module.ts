import { opaque, opaqueVector, optional, struct, uint64, vector, type Decoded } from '../codec/index.ts';
import { HASH_BYTES, MAX_EVENT_BYTES, SIGNATURE_BYTES } from '../event/index.ts';
import { MAX_MODULE_BYTES } from '../policy/module-limits.ts';
import { moduleManifest } from '../state/registry/module-manifest.ts';
import { MAX_MODULES } from '../state/registry/registry-state.ts';
import { stateAnswer } from './append.ts';

/** Body that publishes a module: the module, its event, and what frames them. */
export const MAX_MODULE_POST_BYTES = MAX_MODULE_BYTES + MAX_EVENT_BYTES + 128;

/** An event that publishes a module, and the module. */
export const moduleSubmission = struct('ModuleSubmission', {
  event: opaqueVector(MAX_EVENT_BYTES),
  signature: opaque(SIGNATURE_BYTES),
  module: opaqueVector(MAX_MODULE_BYTES),
});

/** The registry that this deployment has pinned, as it stands (`AR15`). */
export const registryAnswer = struct('RegistryAnswer', {
  /** Chain id. */
  registry: opaque(HASH_BYTES),
  state: stateAnswer,
});

const listedModule = struct('ListedModule', {
  manifest: moduleManifest,
  /** Entry that published it. */
  index: uint64,
  /** Entry that took it back, if any. */
  revokedAt: optional(uint64),
});

/** Every module that was ever published, in the order of the log. */
export const moduleList = struct('ModuleList', { modules: vector(listedModule, MAX_MODULES) });

export type ModuleSubmission = Decoded<typeof moduleSubmission>;
export type RegistryAnswer = Decoded<typeof registryAnswer>;
export type ModuleList = Decoded<typeof moduleList>;
