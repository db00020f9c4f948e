import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { bundleEntries } from '../../scripts/package/bundle.ts';
import { commands, libraries, manifest, root } from '../../scripts/package/entries.ts';
import { bundledPackages } from '../../scripts/package/notices.ts';
import { sampleFiles } from '../../scripts/package/samples.ts';
import { readWorkerInputs } from '../../scripts/package/worker.ts';
import { bundledFiles, relayBundle } from '../../workers/local.ts';
import { OPTIONS_FILE } from '../../workers/local/worker-bundle.ts';

const execute = promisify(execFile);

/** What a tool prints is the reason that it failed. */
async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await execute(file, args, { cwd }).catch((cause: unknown) => {
    const { stdout, stderr } = cause as { stdout: string; stderr: string };
    throw new Error(`${file} ${args.join(' ')} failed\n${stdout}${stderr}`, { cause });
  });
  return stdout;
}

let folder: string;
let tarball: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-'));
  tarball = join(folder, filenameIn(await run('npm', ['pack', '--json', '--pack-destination', folder], root)));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'importer', private: true, type: 'module' }));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], folder);
  installed = join(folder, 'node_modules', manifest.name);
}, 600_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** npm 10 gives a list, npm 11 an object by name; the scripts that run before packing may print above either. */
function filenameIn(output: string): string {
  const filename = /"filename": "([^"]+)"/.exec(output)?.[1];
  if (filename === undefined) throw new Error(`npm pack named no file:\n${output}`);
  return filename;
}

/** The Node of the scripts and, where there is another, the machine's own, which may be as old as `engines` allows. */
async function nodesHere(): Promise<string[]> {
  const nodes = [process.execPath];
  for (const entry of (process.env['PATH'] ?? '').split(delimiter)) {
    const node = join(entry, 'node');
    if (!entry.includes('node_modules') && (await exists(node))) return [...nodes, node];
  }
  return nodes;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const specifiers = libraries.map(({ specifier }) => specifier);

describe('the packed package', () => {
  test('holds the built files, its licence and its README, and nothing else', async () => {
    const files = (await readdir(installed, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
    const paths = files.map((file) => join(file.parentPath, file.name).slice(installed.length + 1));
    const worker = join(installed, 'dist/worker');
    const served = [...bundledFiles({ folder: worker }), join(worker, OPTIONS_FILE)].map((path) =>
      relative(installed, path),
    );
    expect(paths.filter((path) => path.startsWith('dist/worker/')).sort()).toEqual(served.sort());
    const samples = sampleFiles().map((file) => `dist/policies/${file}`);
    expect(paths.filter((path) => path.startsWith('dist/policies/')).sort()).toEqual(samples.sort());
    const others = paths.filter((path) => !served.includes(path) && !samples.includes(path));
    const expected = /^(dist\/.*\.(js|d\.ts)|dist\/THIRD-PARTY-NOTICES\.txt|package\.json|README\.md|LICENSE)$/;
    expect(others.filter((path) => !expected.test(path))).toEqual([]);
    expect(others).toEqual(expect.arrayContaining(['LICENSE', 'README.md', ...libraries.map(({ output }) => output)]));
  });

  test.each(specifiers)('%s is imported by every Node here', async (specifier) => {
    for (const node of await nodesHere()) {
      const script = `console.log(Object.keys(await import('${specifier}')).length)`;
      expect(Number(await run(node, ['--input-type=module', '--eval', script], folder))).toBeGreaterThan(0);
    }
  });

  test('its command says its version on every Node here', async () => {
    for (const node of await nodesHere()) {
      expect(await run(node, [join(folder, 'node_modules/.bin/terachat'), '--version'], folder)).toBe(
        `${manifest.version}\n`,
      );
    }
  });

  test('its command serves the relay that it holds, once miniflare is there', async () => {
    await symlink(join(root, 'node_modules/miniflare'), join(folder, 'node_modules/miniflare'));
    const command = join(folder, 'node_modules/.bin/terachat');
    const args = [command, 'serve', '--port', '0', '--data', join(folder, 'data'), '--json'];
    const relay = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(relay, 'exit') as Promise<[number | null, string | null]>;
    const ended = exit.then(([status]) => Promise.reject(new Error(`serve ended with ${status}`)));
    const [line] = await Promise.race([once(relay.stdout.setEncoding('utf8'), 'data') as Promise<[string]>, ended]);
    const { url } = JSON.parse(line) as { url: string };
    const health = await fetch(`${url}/healthz`);
    relay.kill('SIGINT');
    expect(health.status).toBe(200);
    expect(await exit).toEqual([0, null]);
  }, 60_000);

  test('its types compile in an importer that checks its libraries too', async () => {
    const imports = specifiers.map((specifier, index) => `export * as entry${index} from '${specifier}';`);
    await writeFile(join(folder, 'importer.ts'), imports.join('\n'));
    const compilerOptions = { strict: true, noEmit: true, module: 'nodenext', lib: ['es2022', 'dom'], types: [] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['importer.ts'] }));
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], folder);
  });

  test('publint and attw find nothing to say', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
    const attw = join(root, 'node_modules/.bin/attw');
    await run(attw, [tarball, '--profile', 'esm-only', '--format', 'ascii'], folder);
  });
});

describe('the bundles', () => {
  test('each bundled package is named in the notices', async () => {
    const metafiles = [...(await bundleEntries({ write: false })).values(), readWorkerInputs(await relayBundle())];
    const notices = await readFile(join(installed, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of bundledPackages(metafiles)) expect(notices).toContain(`${name} `);
  });

  test.each(commands)('$output starts with a line that names Node', async ({ output }) => {
    expect(await readFile(join(installed, output), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
