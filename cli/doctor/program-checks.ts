import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isClone, packageFolder, packageVersion } from '../invocation.ts';
import { fail, pass, warn, type Check } from './check.ts';

/** `engines` of the package, and of miniflare, without which there is no `serve` and no `demo`. */
const OLDEST_NODE = 20;
const OLDEST_NODE_FOR_RELAY = 22;

/** What runs here: the program, its Node, the libraries that it changes, and the runtime of a local relay. */
export function checkProgram(): readonly Check[] {
  const root = packageFolder();
  return [pass('version', `terachat ${packageVersion()}`), checkNode(), checkPatches(root), checkRuntime()];
}

function checkNode(): Check {
  const { node } = process.versions;
  const major = Number.parseInt(node);
  if (major < OLDEST_NODE)
    return fail('node', `Node ${node} is too old`, `Install Node ${OLDEST_NODE_FOR_RELAY} or newer.`);
  if (major < OLDEST_NODE_FOR_RELAY) {
    const todo = `serve and demo need Node ${OLDEST_NODE_FOR_RELAY} or newer; everything else runs.`;
    return warn('node', `Node ${node}`, todo);
  }
  return pass('node', `Node ${node}`);
}

function checkRuntime(): Check {
  try {
    import.meta.resolve('miniflare');
    return pass('runtime', 'miniflare is there, for serve and demo');
  } catch {
    return warn('runtime', 'miniflare is not installed', 'Only serve and demo need it: npm install miniflare');
  }
}

/** A published package has the patched library built in; in a clone an install without scripts leaves it unpatched. */
function checkPatches(root: string): Check {
  if (!isClone()) return pass('patches', 'built in');
  const patches = readdirSync(join(root, 'patches'));
  const missing = patches.filter((patch) => !isApplied(root, readFileSync(join(root, 'patches', patch), 'utf8')));
  if (missing.length === 0) return pass('patches', `${patches.join(', ')} applied`);
  return fail('patches', `${missing.join(', ')} not applied`, 'npm run prepare, or npm ci without --ignore-scripts');
}

/** Whether every line that the patch adds is in the file that it names. */
function isApplied(root: string, patch: string): boolean {
  const [, ...parts] = patch.split(/^diff --git a\/(\S+) .*$/m);
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const path = join(root, parts[i] as string);
    if (!existsSync(path)) return false;
    const source = readFileSync(path, 'utf8');
    const added = (parts[i + 1] as string).split('\n').filter((line) => /^\+(?!\+\+)/.test(line));
    if (!added.every((line) => source.includes(line.slice(1)))) return false;
  }
  return true;
}
