import { MAX_BATCH_EVENTS, METER_VERSION, toHex, type PolicyBatch, type PolicyOutcome } from '../../core/index.ts';
import { shimHash, shimSource } from './shim-source.ts';

/** The entry of an isolate. workerd compiles WebAssembly only where a worker is loaded, never from bytes at run time. */
const MAIN = `import { WorkerEntrypoint } from 'cloudflare:workers';
import policy from './policy.wasm';
import { decideBatch } from './shim.js';
export default class extends WorkerEntrypoint {
  decide(batch) {
    return decideBatch(policy, batch);
  }
}
`;
const COMPATIBILITY_DATE = '2026-10-23';

interface IsolateCalls {
  decide(batch: PolicyBatch): Promise<readonly PolicyOutcome[]>;
}

/** A policy that may have to be loaded first. */
export interface LoadablePolicy {
  /** SHA-256 of the module as the admins signed it. */
  readonly hash: Uint8Array;
  /** Gives the metered module; asked only where no isolate has it. */
  readonly meter: () => Promise<Uint8Array>;
}

/**
 * Lets a policy decide in an isolate without network, bindings or anything of this worker's (`PX8`). The loader goes on
 * with the code that it has for an id, so the id names all that the code is of. Rejects where the host fails; nothing is
 * decided then.
 */
export function decideInIsolate(
  loader: WorkerLoader,
  policy: LoadablePolicy,
  batch: PolicyBatch,
): Promise<readonly PolicyOutcome[]> {
  if (batch.events.length > MAX_BATCH_EVENTS) throw new RangeError('too many events in one call of a policy');
  const stub = loader.get(`${toHex(policy.hash)}-${shimHash}-${METER_VERSION}`, async () => ({
    compatibilityDate: COMPATIBILITY_DATE,
    mainModule: 'main.js',
    modules: { 'main.js': MAIN, 'shim.js': shimSource, 'policy.wasm': { wasm: await policy.meter() } },
    env: {},
    globalOutbound: null,
  }));
  return (stub.getEntrypoint() as unknown as IsolateCalls).decide(batch);
}
