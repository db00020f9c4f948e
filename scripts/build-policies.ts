/** `npm run policies`: compiles the AssemblyScript of `policies/`, and keeps the modules there. */
import { writeFileSync } from 'node:fs';
import { compilePolicies } from './policies/compile.ts';

for (const { path, bytes } of compilePolicies()) writeFileSync(path, bytes);
