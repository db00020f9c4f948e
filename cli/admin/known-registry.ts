import type { KnownRegistry } from '../../core/index.ts';
import { Failure } from '../failure.ts';
import { readLogCopy, subjectOf, verifyLog } from '../log-audit.ts';

/** A registry from its saved log, verified from the first entry: what a machine without a network can know of it. */
export async function readRegistryLog(path: string): Promise<KnownRegistry> {
  const { chain, state } = await verifyLog(subjectOf(await readLogCopy(path)));
  if (state.kind === 'registry') return { chain, state: state.value };
  throw new Failure('usage', 'not-a-registry', `${path} is the log of a chain of kind ${state.kind}.`);
}
