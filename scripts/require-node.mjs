/**
 * Stands in front of every npm script. npm puts `node_modules/.bin` first in the PATH, so `node` is the one of the
 * devDependency, unless its install script did not run. Plain JavaScript: it has to run on whatever Node is there.
 */
import { existsSync } from 'node:fs';

const neededMajor = 22;
const modules = new URL('../node_modules/', import.meta.url);

if (!existsSync(new URL('vitest/', modules))) {
  fail('The development dependencies are not installed. Run: npm ci');
}
if (Number(process.versions.node.split('.')[0]) < neededMajor) {
  fail(
    `This is Node ${process.versions.node}; the scripts need Node ${neededMajor} or later.\n` +
      'The "node" devDependency brings one, but its binary is missing, as after `npm ci --ignore-scripts`.\n' +
      'Run: npm rebuild node     (or install Node 24 yourself; .nvmrc names the version)',
  );
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
