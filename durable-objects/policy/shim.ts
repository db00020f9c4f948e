import { runPolicy, type PolicyInstance, type PolicyOutcome } from '../../core/index.ts';

/** Records that a policy decides over one after the other, each with the state that the one before has left. */
export interface PolicyBatch {
  readonly state: Uint8Array;
  readonly events: readonly Uint8Array[];
  /** For each of them. */
  readonly fuel: number;
}

/**
 * Runs in the isolate of one policy, bundled by `npm run policies`: nothing but the module and `runPolicy`, as they run
 * in Node and browsers.
 */
export function decideBatch(module: WebAssembly.Module, { state, events, fuel }: PolicyBatch): PolicyOutcome[] {
  const instantiate = (): PolicyInstance => new WebAssembly.Instance(module).exports as unknown as PolicyInstance;
  let current = state;
  return events.map((event) => {
    const outcome = runPolicy(instantiate, { state: current, event, fuel });
    if (outcome.kind === 'accepted') current = outcome.state;
    return outcome;
  });
}
