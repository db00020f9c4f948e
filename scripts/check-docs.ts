/** `npm run docs:check`: links resolve, commands exist, code compiles, rules and tests name each other. */
import { fileURLToPath } from 'node:url';
import { faultsOf } from './docs/faults.ts';
import { readPages } from './docs/markdown.ts';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const faults = faultsOf(root, readPages(root));

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
