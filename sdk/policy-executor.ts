import {
  decideBatch,
  equalBytes,
  mapKey,
  migratePolicy,
  sha256,
  toHex,
  verifyModuleStatically,
  type PolicyBatch,
  type PolicyExecutor,
  type PolicyInstance,
  type PolicyOutcome,
} from '../core/index.ts';
import { compilePolicy } from './compile-policy.ts';

/** Compiled policies that are kept; the one that was compiled first makes way. */
const MAX_COMPILED = 16;

type Instantiate = () => PolicyInstance;

/** The bytes of a module by their SHA-256, from wherever they are to be had; nobody is believed. */
export type FetchModule = (hash: Uint8Array) => Promise<Uint8Array>;

/**
 * Runs policies where this runs, in Node as in a browser: the same verdicts, states and fuel as the relay's (`PX1`). Fetches, verifies
 * and compiles each module once. Rejects where there is no such module, or what came is not it.
 */
export class LocalPolicyExecutor implements PolicyExecutor {
  readonly #fetchModule: FetchModule;
  readonly #compiled = new Map<string, Promise<Instantiate>>();

  constructor(fetchModule: FetchModule) {
    this.#fetchModule = fetchModule;
  }

  async decide(module: Uint8Array, batch: PolicyBatch): Promise<readonly PolicyOutcome[]> {
    return decideBatch(await this.#instantiateOf(module), batch, pause);
  }

  async migrate(module: Uint8Array, call: Pick<PolicyBatch, 'state' | 'fuel'>): Promise<PolicyOutcome> {
    return migratePolicy(await this.#instantiateOf(module), call);
  }

  #instantiateOf(hash: Uint8Array): Promise<Instantiate> {
    const key = mapKey(hash);
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = this.#compile(hash);
    this.#compiled.set(key, compiled);
    for (const oldest of this.#compiled.keys()) if (this.#compiled.size > MAX_COMPILED) this.#compiled.delete(oldest);
    // What failed is tried again by whoever asks next.
    compiled.catch(() => this.#compiled.delete(key));
    return compiled;
  }

  async #compile(hash: Uint8Array): Promise<Instantiate> {
    const bytes = await this.#fetchModule(hash);
    if (!equalBytes(sha256(bytes), hash)) throw new Error(`these bytes are not the module ${toHex(hash)}`);
    const verified = verifyModuleStatically(bytes);
    if (!verified.ok) throw new Error(`the module ${toHex(hash)} breaks ${verified.error.rule}`);
    return compilePolicy(verified.value);
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
