import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import ts from 'typescript';
import { externalPackages, libraries, root } from './entries.ts';
import { findPublicTypes, type PublicText } from './public-types.ts';

const project = 'tsconfig/declarations.json';
/** Where that project emits to. */
const emitted = `${root}node_modules/.cache/declarations/`;
const specifier = /(\bfrom |\bimport\(|\bimport )(['"])([^'"]+)\2/g;

/**
 * Writes the public types of every library entry into `dist/`. Throws where one of them names a package that an
 * installation does not bring along: a public type must not depend on what is bundled.
 */
export function emitDeclarations(): void {
  rmSync(emitted, { recursive: true, force: true });
  const tsc = ['node_modules/typescript/bin/tsc', '--project', project];
  const { status } = spawnSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the public types do not compile');
  const entries = libraries.map(({ source }) => source.replace(/\.ts$/, '.d.ts'));
  const { config } = ts.readConfigFile(root + project, (path) => readFileSync(path, 'utf8')) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, `${root}tsconfig`);
  const publicText = findPublicTypes(
    emitted,
    entries.map((entry) => emitted + entry),
    options,
  );
  const written = new Set<string>();
  for (const entry of entries) writeTypes([entry], publicText, written);
}

/** Writes the last file of a trail that begins with an entry, and what it imports. */
function writeTypes(trail: readonly string[], publicText: PublicText, written: Set<string>): void {
  const file = trail.at(-1) ?? '';
  if (written.has(file)) return;
  written.add(file);
  const text = publicText(emitted + file).replace(specifier, (whole, lead: string, quote: string, target: string) => {
    if (!target.startsWith('.')) {
      refuseUndeclared(trail, target);
      return whole;
    }
    writeTypes([...trail, posix.join(posix.dirname(file), target.replace(/\.ts$/, '.d.ts'))], publicText, written);
    // tsc leaves the source's extension in declarations; published code has none with that name.
    return `${lead}${quote}${target.replace(/\.ts$/, '.js')}${quote}`;
  });
  const output = `${root}dist/${file}`;
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, text);
}

function refuseUndeclared(trail: readonly string[], target: string): void {
  const installed = ['node:', ...externalPackages].some((name) => target.startsWith(name));
  if (installed) return;
  throw new Error(`public types name ${target}, which no installation brings along: ${trail.join(' > ')}`);
}
