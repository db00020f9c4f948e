import { METER_VERSION, toHex, type PolicyBatch, type PolicyExecutor, type PolicyOutcome } from '../../core/index.ts';
import { resultOf } from '../platform/remote-result.ts';
import { shimHash, shimSource } from './shim-source.ts';

/** The entry of an isolate. workerd compiles WebAssembly only where a worker is loaded, never from bytes at run time. */
const MAIN = `import { WorkerEntrypoint } from 'cloudflare:workers';
import policy from './policy.wasm';
import { callsOf } from './shim.js';
const calls = callsOf(policy);
export default class extends WorkerEntrypoint {
  async decide(batch) {
    return { outcomes: await calls.decide(batch) };
  }
  migrate(call) {
    return calls.migrate(call);
  }
}
`;
const COMPATIBILITY_DATE = '2026-10-23';

/** What the entry of an isolate answers. An answer to dispose of is an object. */
interface IsolateCalls {
  decide(batch: PolicyBatch): Promise<{ readonly outcomes: readonly PolicyOutcome[] }>;
  migrate(call: Pick<PolicyBatch, 'state' | 'fuel'>): Promise<PolicyOutcome>;
}

/** Gives the metered module whose own bytes have this hash; asked only where no isolate has it. Rejects where there is none. */
export type MeteredModules = (hash: Uint8Array) => Promise<Uint8Array>;

/**
 * Lets policies decide in isolates without network, bindings or anything of this worker's (`PX8`), one for each. The loader goes
 * on with the code that it has for an id, so the id names all that the code is of.
 */
export class IsolateExecutor implements PolicyExecutor {
  readonly #loader: WorkerLoader;
  readonly #modules: MeteredModules;

  constructor(loader: WorkerLoader, modules: MeteredModules) {
    this.#loader = loader;
    this.#modules = modules;
  }

  async decide(module: Uint8Array, batch: PolicyBatch): Promise<readonly PolicyOutcome[]> {
    const { outcomes } = await resultOf(this.#callsOf(module).decide(batch));
    return outcomes;
  }

  migrate(module: Uint8Array, call: Pick<PolicyBatch, 'state' | 'fuel'>): Promise<PolicyOutcome> {
    return resultOf(this.#callsOf(module).migrate(call));
  }

  #callsOf(hash: Uint8Array): IsolateCalls {
    const stub = this.#loader.get(`${toHex(hash)}-${shimHash}-${METER_VERSION}`, async () => ({
      compatibilityDate: COMPATIBILITY_DATE,
      mainModule: 'main.js',
      modules: { 'main.js': MAIN, 'shim.js': shimSource, 'policy.wasm': { wasm: await this.#modules(hash) } },
      env: {},
      globalOutbound: null,
    }));
    return stub.getEntrypoint() as unknown as IsolateCalls;
  }
}
