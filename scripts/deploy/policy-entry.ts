import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { meterModule, sha256, toBase64Url, verifyModuleStatically } from '../../core/index.ts';

const BUNDLED_POLICIES = fileURLToPath(new URL('../../durable-objects/policy/bundled-policies.ts', import.meta.url));

/**
 * Writes the entry of a worker that brings these policies with it, metered, beside all that `main` is (`PX10`). Gives its path.
 * Throws where a file is no policy.
 */
export function writePolicyEntry(
  folder: string,
  { modules, main }: { readonly modules: readonly string[]; readonly main: string },
): string {
  mkdirSync(folder, { recursive: true });
  const hashes = [...new Set(modules.map((file) => writeMetered(folder, file)))];
  const imports = hashes.map((hash, i) => `import policy${i} from './${hash}.wasm';`);
  const entries = hashes.map((hash, i) => `'${hash}': policy${i}`);
  const path = join(folder, 'index.ts');
  const [from, policies] = [JSON.stringify(main), JSON.stringify(BUNDLED_POLICIES)];
  writeFileSync(
    path,
    `${imports.join('\n')}
import { bundlePolicies } from ${policies};
export * from ${from};
export { default } from ${from};
bundlePolicies({ ${entries.join(', ')} });
`,
  );
  return path;
}

/** Gives the hash of the module as it was signed. */
function writeMetered(folder: string, file: string): string {
  const bytes = new Uint8Array(readFileSync(file));
  const verified = verifyModuleStatically(bytes);
  if (!verified.ok) {
    const { rule, offset } = verified.error;
    throw new Error(`${basename(file)} is no policy: ${rule} at byte ${offset}.`);
  }
  const hash = toBase64Url(sha256(bytes));
  writeFileSync(join(folder, `${hash}.wasm`), meterModule(verified.value));
  return hash;
}
