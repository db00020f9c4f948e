import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { externalPackages, libraries, root } from './entries.ts';

const emitted = 'node_modules/.cache/declarations';
const specifier = /(\bfrom |\bimport\(|\bimport )(['"])([^'"]+)\2/g;

/**
 * Emits the `.d.ts` of every library entry and keeps those that an importer can reach. Throws where one of them names a
 * package that an installation does not bring along: a public type must not depend on what is bundled.
 */
export function emitDeclarations(): void {
  rmSync(`${root}${emitted}`, { recursive: true, force: true });
  const tsc = ['node_modules/typescript/bin/tsc', '--project', 'tsconfig/declarations.json'];
  const { status } = spawnSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the public types do not compile');
  const reached = new Set<string>();
  for (const { source } of libraries) keepReachable(source.replace(/\.ts$/, '.d.ts'), reached);
}

function keepReachable(file: string, reached: Set<string>): void {
  if (reached.has(file)) return;
  reached.add(file);
  const text = readFileSync(`${root}${emitted}/${file}`, 'utf8');
  const published = text.replace(specifier, (whole, lead: string, quote: string, target: string) => {
    if (!target.startsWith('.')) {
      refuseUndeclared(file, target);
      return whole;
    }
    keepReachable(posix.join(posix.dirname(file), target.replace(/\.ts$/, '.d.ts')), reached);
    // tsc leaves the source's extension in declarations; published code has none with that name.
    return `${lead}${quote}${target.replace(/\.ts$/, '.js')}${quote}`;
  });
  const output = `${root}dist/${file}`;
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, published);
}

function refuseUndeclared(file: string, target: string): void {
  if (target.startsWith('node:')) return;
  const installed = externalPackages.some((name) => target === name || target.startsWith(`${name}/`));
  if (!installed) throw new Error(`the public types in ${file} name ${target}, which no installation brings along`);
}
