import { toBase64Url, type PolicyBatch, type PolicyExecutor, type PolicyOutcome } from '../../core/index.ts';
import { callsOf, type PolicyCalls } from './shim.ts';

/** Metered modules that were compiled when this worker was deployed, by the SHA-256, base64url, of the module as it was signed. */
export type BundledPolicies = Readonly<Record<string, WebAssembly.Module>>;

let bundled: ReadonlyMap<string, PolicyCalls> = new Map();

/** Says which policies this worker brings with it. The entry that `npm run deploy -- --module FILE` makes calls it once. */
export function bundlePolicies(policies: BundledPolicies): void {
  bundled = new Map(Object.entries(policies).map(([hash, module]) => [hash, callsOf(module)]));
}

export function bundledModules(): readonly string[] {
  return [...bundled.keys()];
}

/**
 * Lets bundled policies decide beside the objects: workerd compiles nothing at run time where it has no loader. They reach no more
 * than in an isolate, since a module has no imports (`PM4`), and stop at the same fuel. Rejects for any other policy.
 */
export const bundledExecutor: PolicyExecutor = {
  async decide(module: Uint8Array, batch: PolicyBatch): Promise<readonly PolicyOutcome[]> {
    return bundledCalls(module).decide(batch);
  },
  async migrate(module: Uint8Array, call: Pick<PolicyBatch, 'state' | 'fuel'>): Promise<PolicyOutcome> {
    return bundledCalls(module).migrate(call);
  },
};

function bundledCalls(module: Uint8Array): PolicyCalls {
  const calls = bundled.get(toBase64Url(module));
  if (calls === undefined) throw new Error(`this deployment was not given the policy ${toBase64Url(module)}`);
  return calls;
}
