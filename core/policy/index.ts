export { MAX_MODULE_BYTES } from './module-limits.ts';
export { type VerifiedModule } from './module-image.ts';
export { MODULE_RULES, type ModuleRefusal, type ModuleRule } from './module-rules.ts';
export { verifyModuleStatically } from './verify-module.ts';
