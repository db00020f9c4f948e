#!/usr/bin/env node
import * as nodeModule from 'node:module';

// Halves the start of every command; the older Node versions that lack it start as before.
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();
const { runCli } = await import('./cli.ts');
const { tellToEnd } = await import('./when-told-to-end.ts');

/** A connection whose other end does not close may hold a process for half a minute; nobody waits for that. */
const LINGER_MS = 500;

// Whoever reads the output may have seen enough, as in `terachat read friends | head`. What has something to clear away is told.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (!tellToEnd()) process.exit(code === 'EPIPE' ? 0 : 1);
});
// With the terminal closed nobody is left to tell anything, and what is being cleared away goes on.
process.stderr.on('error', () => undefined);
process.exitCode = await runCli(process.argv);
setTimeout(() => process.exit(), LINGER_MS).unref();
