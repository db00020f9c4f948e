import type { Command } from 'commander';
import { play } from '../demo/chapters.ts';
import { ClaimFailed, Claims } from '../demo/claims.ts';
import { Stage } from '../demo/stage.ts';
import { Failure } from '../failure.ts';
import { commandOutput } from '../options.ts';
import type { Output } from '../output.ts';
import { whenToldToEnd } from '../when-told-to-end.ts';

/** What the story claims when it is whole. Fewer means that a part was skipped, which counts as a failure. */
const COMMITTED_CLAIMS = 37;

export function addDemo(program: Command): void {
  program
    .command('demo')
    .summary('play the main job with real processes')
    .description(
      'Starts a relay of its own on a free port and plays the main job with real processes and real storage, checking ' +
        'every claim that it prints. Its folder is deleted, or kept and printed when a claim fails.',
    )
    .addHelpText('after', '\nExample:\n  terachat demo')
    .action(async (_options: unknown, command: Command) => demo(commandOutput(command)));
}

async function demo(output: Output): Promise<void> {
  const interrupt = new AbortController();
  whenToldToEnd(() => interrupt.abort());
  const claims = new Claims(output);
  const stage = await Stage.set(interrupt.signal);
  let isKept = false;
  try {
    await play(stage, claims);
    if (claims.count < COMMITTED_CLAIMS) {
      throw new ClaimFailed(`only ${claims.count} of ${COMMITTED_CLAIMS} claims were made`);
    }
  } catch (cause) {
    if (interrupt.signal.aborted) throw new Failure('interrupted', 'interrupted', 'stopped; nothing is left running');
    isKept = true;
    const message = cause instanceof ClaimFailed ? cause.message : `before ${claims.place}: ${String(cause)}`;
    throw new Failure('failed', 'claim-failed', message, `Everything is kept for a look in ${stage.folder}`);
  } finally {
    await stage.clear({ keep: isKept });
  }
  output.result({ ok: true, claims: claims.count }, `\ndemo ok: ${claims.count} claims verified`);
}
