/** `npm run kernels`: compiles the AssemblyScript of `kernels/`, and keeps the modules there. */
import { writeFileSync } from 'node:fs';
import { compileKernels } from './kernels/compile.ts';

for (const { path, bytes } of compileKernels()) writeFileSync(path, bytes);
