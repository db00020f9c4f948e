import {
  decideBatch,
  migratePolicy,
  type PolicyBatch,
  type PolicyInstance,
  type PolicyOutcome,
} from '../../core/index.ts';

/** What can be asked of a compiled, metered module. */
export interface PolicyCalls {
  /** One outcome a record, in order. */
  decide(batch: PolicyBatch): Promise<readonly PolicyOutcome[]>;
  migrate(call: Pick<PolicyBatch, 'state' | 'fuel'>): Promise<PolicyOutcome>;
}

/**
 * Runs in the isolate of one policy, bundled by `npm run policies`, or beside the objects where the module was bundled with them:
 * nothing but the module and `runPolicy`, as they run in Node and browsers.
 */
export function callsOf(module: WebAssembly.Module): PolicyCalls {
  const instantiate = (): PolicyInstance => new WebAssembly.Instance(module).exports as unknown as PolicyInstance;
  return {
    decide: (batch) => decideBatch(instantiate, batch, pause),
    migrate: async (call) => migratePolicy(instantiate, call),
  };
}

function pause(): Promise<void> {
  // eslint-disable-next-line no-restricted-globals -- ends within the call that it interrupts
  return new Promise((resolve) => setTimeout(resolve, 0));
}
