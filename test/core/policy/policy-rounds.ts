import { meterModule, type PolicyInstance } from '../../../core/index.ts';
import { verified } from './verified.ts';

/** Makes instances of the metered module. */
export function compileMetered(bytes: Uint8Array): () => PolicyInstance {
  const module = new WebAssembly.Module(meterModule(verified(bytes)));
  return () => new WebAssembly.Instance(module).exports as unknown as PolicyInstance;
}

/** The module without a meter, with counters that nothing counts. */
export function compileBare(bytes: Uint8Array): () => PolicyInstance {
  const module = new WebAssembly.Module(bytes);
  return () => ({
    ...(new WebAssembly.Instance(module).exports as unknown as PolicyInstance),
    terachat_fuel: { value: 0n },
    terachat_depth: { value: 0 },
  });
}

export const ROUND_FUEL = 2_000_000;

/** Some inputs for a module by its number. */
export function inputsOf(seed: number): { readonly state: Uint8Array; readonly event: Uint8Array } {
  const bytes = (length: number, step: number): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => seed * step + i * 31);
  return { state: bytes(32, 7), event: bytes(48, 13) };
}
