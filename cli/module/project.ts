import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '../failure.ts';
import { isClone, packageFolder } from '../invocation.ts';

/** What `module new` begins with: the samples. */
export const TEMPLATES = ['ledger', 'access', 'approval'] as const;

/** Also the name of a module in a manifest (`AR6`). */
const NAME = /^[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*$/;
const MAX_NAME_LENGTH = 64;
/** The compiler's own configuration, which is what makes a folder a project. */
const CONFIG = 'asconfig.json';

/** A module and what lies beside it. */
export interface ModulePlace {
  /** The compiled module. */
  readonly module: string;
  /** The records that it is tested with: the module's name, ending in `.jsonl`. */
  readonly records: string;
}

/** A project that can be compiled. */
export interface Project extends ModulePlace {
  readonly folder: string;
}

/** Makes a project from a sample, in a folder that is called as the module and must not be there yet; gives its files. */
export async function newProject(folder: string, template: (typeof TEMPLATES)[number]): Promise<readonly string[]> {
  const name = basename(folder);
  if (!NAME.test(name) || name.length > MAX_NAME_LENGTH) {
    const message = `'${name}' is no name of a module: small letters, digits, dots and hyphens, from a letter on.`;
    throw new Failure('usage', 'invalid-module-name', message);
  }
  if (existsSync(folder)) {
    throw new Failure('usage', 'folder-exists', `${folder} is there already.`, 'Take another name.');
  }
  const samples = join(packageFolder(), isClone() ? 'policies' : 'dist/policies');
  const copies = {
    [`assembly/${name}.ts`]: `assembly/${template}.ts`,
    'assembly/policy.ts': 'assembly/policy.ts',
    'assembly/tsconfig.json': 'assembly/tsconfig.json',
    [`${name}.jsonl`]: `${template}.jsonl`,
  };
  await mkdir(join(folder, 'assembly'), { recursive: true });
  for (const [file, sample] of Object.entries(copies)) await copyFile(join(samples, sample), join(folder, file));
  const { options } = JSON.parse(await readFile(join(samples, CONFIG), 'utf8')) as { readonly options: object };
  const config = { entries: [`assembly/${name}.ts`], options: { outFile: `${name}.wasm`, ...options } };
  await writeFile(join(folder, CONFIG), `${JSON.stringify(config, undefined, 2)}\n`);
  return [...Object.keys(copies), CONFIG];
}

/** The project in a folder. */
export async function openProject(folder: string): Promise<Project> {
  const path = join(folder, CONFIG);
  if (!existsSync(path)) {
    const message = `${folder} is no project of a module: there is no ${CONFIG} in it.`;
    throw new Failure('usage', 'no-module-project', message, 'terachat module new NAME makes one.');
  }
  const outFile = outFileIn(await readFile(path, 'utf8'));
  if (outFile !== undefined) return { folder, ...besides(join(folder, outFile)) };
  throw new Failure('usage', 'no-module-project', `${path} names no outFile that ends in .wasm.`);
}

/** A module by its file or by the folder of its project. */
export async function findModulePlace(path: string): Promise<ModulePlace> {
  return statSync(path).isDirectory() ? openProject(path) : besides(path);
}

function besides(module: string): ModulePlace {
  return { module, records: module.replace(/(\.wasm)?$/, '.jsonl') };
}

function outFileIn(config: string): string | undefined {
  try {
    const { options } = JSON.parse(config) as { readonly options?: { readonly outFile?: unknown } };
    const outFile = options?.outFile;
    return typeof outFile === 'string' && outFile.endsWith('.wasm') ? outFile : undefined;
  } catch {
    return undefined;
  }
}
