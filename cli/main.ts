#!/usr/bin/env node
import * as nodeModule from 'node:module';

// Halves the start of every command; the older Node versions that lack it start as before.
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();
const { isForPrograms, reportFailure, runCli } = await import('./cli.ts');
const { Failure } = await import('./failure.ts');
const { reasonOf } = await import('./system-error.ts');
const { tellToEnd } = await import('./when-told-to-end.ts');

/** A connection whose other end does not close may hold a process for half a minute; nobody waits for that. */
const LINGER_MS = 500;

process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  // What has something to clear away is told.
  if (tellToEnd()) return;
  // Whoever reads the output may have seen enough, as in `terachat read friends | head`; a command says so itself where that is too little.
  if (cause.code === 'EPIPE') process.exit();
  const lost = new Failure('failed', 'output-unusable', `Standard output can't be written: ${reasonOf(cause)}.`);
  process.exit(reportFailure(lost, isForPrograms(process.argv)));
});
// With the terminal closed nobody is left to tell anything, and what is being cleared away goes on.
process.stderr.on('error', () => undefined);
process.exitCode = await runCli(process.argv);
setTimeout(() => process.exit(), LINGER_MS).unref();
