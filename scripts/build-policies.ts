/** `npm run policies`: compiles the AssemblyScript of `policies/`, bundles what runs in their isolates, and keeps both. */
import { writeFileSync } from 'node:fs';
import { bundleShim } from './policies/bundle-shim.ts';
import { compilePolicies } from './policies/compile.ts';

for (const { path, bytes } of [...compilePolicies(), await bundleShim()]) writeFileSync(path, bytes);
