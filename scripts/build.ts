/** `npm run build`: what package.json exports and its command, with the relay that it runs and the samples that it copies, in `dist/`. */
import { rmSync } from 'node:fs';
import { bundleEntries } from './package/bundle.ts';
import { emitDeclarations } from './package/declarations.ts';
import { root } from './package/entries.ts';
import { writeNotices } from './package/notices.ts';
import { copySamples } from './package/samples.ts';
import { writeWorker } from './package/worker.ts';

rmSync(`${root}dist`, { recursive: true, force: true });
const metafiles = await bundleEntries({ write: true });
writeNotices([...metafiles.values(), await writeWorker()]);
emitDeclarations();
copySamples();
