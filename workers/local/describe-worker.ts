/** `node describe-worker.ts CONFIG OUTPUT`: what Miniflare has to know of a wrangler.toml, as JSON. */
import { writeFileSync } from 'node:fs';
import { parse } from 'node:path';
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler';

const [config, output] = process.argv.slice(2);
if (config === undefined || output === undefined) throw new Error('usage: describe-worker.ts CONFIG OUTPUT');

const { name, vars } = unstable_readConfig({ config }, { hideWarnings: true }) as unknown as {
  name: string;
  vars: object;
};
const { workerOptions, main = '' } = unstable_getMiniflareWorkerOptions(config);
const { rootPath: _, ...options } = workerOptions as Record<string, unknown>;
const mainModule = `${parse(main).name}.js`;
// Wrangler has merged secrets of .dev.vars and of the environment into the bindings: they must not be written down.
writeFileSync(output, JSON.stringify({ ...options, name, bindings: vars, mainModule }));
