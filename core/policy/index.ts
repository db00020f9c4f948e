export { MAX_MODULE_BYTES, WASM_PAGE_BYTES } from './module-limits.ts';
export { type VerifiedModule } from './module-image.ts';
export { MODULE_RULES, type ModuleRefusal, type ModuleRule } from './module-rules.ts';
export { METER_VERSION, meterModule } from './meter-module.ts';
export { decideBatch } from './decide-batch.ts';
export {
  MAX_BATCH_EVENTS,
  type ChainPolicyCall,
  type PolicyBatch,
  type PolicyExecutor,
  type PolicyVerdict,
} from './policy-executor.ts';
export { encodePolicyRecord, policyRecord, type PolicyRecord } from './policy-record.ts';
export {
  DEFAULT_POLICY_FUEL,
  MAX_POLICY_EVENT_BYTES,
  MAX_POLICY_STATE_BYTES,
  migratePolicy,
  runPolicy,
  type PolicyCall,
  type PolicyInstance,
  type PolicyOutcome,
  type PolicyStop,
} from './run-policy.ts';
export { embedToolSignature, toolSignatureMessage } from './tool-signature.ts';
export { verifyModuleStatically } from './verify-module.ts';
export {
  checkBytes,
  verifyWasmModule,
  type ModuleSubject,
  type TrustedModule,
  type WasmModuleRefusal,
} from './verify-wasm-module.ts';
