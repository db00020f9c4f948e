/** `npm run build`: bundles and public types of what package.json exports, in `dist/`. */
import { rmSync } from 'node:fs';
import { bundleEntries } from './package/bundle.ts';
import { emitDeclarations } from './package/declarations.ts';
import { root } from './package/entries.ts';
import { writeNotices } from './package/notices.ts';

rmSync(`${root}dist`, { recursive: true, force: true });
const metafiles = await bundleEntries({ write: true });
writeNotices(metafiles.values());
emitDeclarations();
