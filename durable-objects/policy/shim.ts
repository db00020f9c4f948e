import { runPolicy, type PolicyBatch, type PolicyInstance, type PolicyOutcome } from '../../core/index.ts';

/**
 * Runs in the isolate of one policy, bundled by `npm run policies`: nothing but the module and `runPolicy`, as they run
 * in Node and browsers.
 */
export function decideBatch(
  module: WebAssembly.Module,
  { state, events, fuel, isReadOnly = false }: PolicyBatch,
): PolicyOutcome[] {
  const instantiate = (): PolicyInstance => new WebAssembly.Instance(module).exports as unknown as PolicyInstance;
  let current = state;
  return events.map((event) => {
    const outcome = runPolicy(instantiate, { state: current, event, fuel });
    if (outcome.kind === 'accepted' && !isReadOnly) current = outcome.state;
    return outcome;
  });
}
