import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { packageFolder } from '../invocation.ts';
import type { Project } from './project.ts';

const COMPILER = 'assemblyscript/bin/asc.js';
/** Of what the compiler says about a source. */
const MAX_COMPLAINT_BYTES = 1_048_576;

/** Compiles a project with the AssemblyScript that is installed for it, or beside this program, and the options in its own configuration. */
export function compileProject({ folder }: Project): void {
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [findCompiler(folder), '--config', 'asconfig.json'],
    { cwd: folder, encoding: 'utf8', maxBuffer: MAX_COMPLAINT_BYTES },
  );
  if (error !== undefined) throw error;
  if (status === 0) return;
  throw new Failure('failed', 'does-not-compile', `${folder} does not compile.\n\n${(stderr || stdout).trim()}`);
}

function findCompiler(folder: string): string {
  for (const place of [join(resolve(folder), 'asconfig.json'), import.meta.url]) {
    try {
      return createRequire(place).resolve(COMPILER);
    } catch {
      // Not there; the next place may have it.
    }
  }
  const message = 'AssemblyScript, which compiles policies, is not installed.';
  throw new Failure(
    'failed',
    'no-compiler',
    message,
    `In the project: npm install --save-dev assemblyscript@${compilerVersion()}`,
  );
}

/** The one that the samples were compiled with. */
function compilerVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return manifest.devDependencies['assemblyscript'] ?? 'latest';
}
