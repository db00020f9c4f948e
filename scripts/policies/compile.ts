import { join } from 'node:path';
import { verifyModuleStatically } from '../../core/index.ts';
import { compileAssemblyScript } from '../assembly-script.ts';

const POLICIES = join(import.meta.dirname, '../../policies');
const SOURCES = join(POLICIES, 'assembly');
const NAMES = ['access', 'approval', 'ledger'];
/** As a project of `module new` has them. */
const OPTIONS = ['--config', '../asconfig.json'];

/** Compiles every sample, and makes sure that each is a policy. */
export function compilePolicies(): readonly { readonly path: string; readonly bytes: Uint8Array }[] {
  return NAMES.map((name) => {
    const bytes = compileAssemblyScript(SOURCES, `${name}.ts`, OPTIONS);
    const verified = verifyModuleStatically(bytes);
    if (!verified.ok) throw new Error(`${name} is no policy: ${verified.error.rule} at byte ${verified.error.offset}`);
    return { path: join(POLICIES, `${name}.wasm`), bytes };
  });
}
