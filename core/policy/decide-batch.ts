import { FUEL_A_PAGE } from './fuel-costs.ts';
import { WASM_PAGE_BYTES } from './module-limits.ts';
import { MAX_BATCH_EVENTS, type PolicyBatch } from './policy-executor.ts';
import { DEFAULT_POLICY_FUEL, runPolicy, type PolicyInstance, type PolicyOutcome } from './run-policy.ts';

/** Fuel after which a batch lets others have their turn: what any one call may use by itself. */
const FUEL_A_TURN = DEFAULT_POLICY_FUEL;

/**
 * What every executor does with a batch (`PX8`): an instance a record, each of which finds the state that the last accepted one
 * left, or, where the batch is read-only, the state that all of them find. Waits for `pause` wherever about 5 ms of work have been
 * done, since a policy runs on a thread that is not its own. The memory that an instance begins with is such work, though it costs
 * no fuel: a verdict must not depend on it. Rejects where the host fails.
 */
export async function decideBatch(
  instantiate: () => PolicyInstance,
  { state, events, fuel, isReadOnly = false }: PolicyBatch,
  pause: () => Promise<void>,
): Promise<readonly PolicyOutcome[]> {
  if (events.length > MAX_BATCH_EVENTS) throw new RangeError('too many events in one call of a policy');
  let current = state;
  let spent = 0;
  const outcomes: PolicyOutcome[] = [];
  for (const event of events) {
    if (spent >= FUEL_A_TURN) {
      await pause();
      spent = 0;
    }
    const instance = instantiate();
    spent += (instance.memory.buffer.byteLength / WASM_PAGE_BYTES) * FUEL_A_PAGE;
    const outcome = runPolicy(() => instance, { state: current, event, fuel });
    if (outcome.kind === 'accepted' && !isReadOnly) current = outcome.state;
    spent += outcome.kind === 'stopped' ? fuel : fuel - outcome.fuelLeft;
    outcomes.push(outcome);
  }
  return outcomes;
}
