import { meterModule, type PolicyInstance, type VerifiedModule } from '../core/index.ts';

/** What is used of WebAssembly, which every Node and browser has and not every platform's types. */
interface Engine {
  readonly compile: (bytes: Uint8Array) => Promise<object>;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;

/** Meters and compiles a verified module; what it gives makes an instance for each call of `runPolicy`. */
export async function compilePolicy(module: VerifiedModule): Promise<() => PolicyInstance> {
  const compiled = await engine.compile(meterModule(module));
  // The verifier has seen to it that these are the exports (`PM3`), and the meter has added its own.
  return () => new engine.Instance(compiled).exports as PolicyInstance;
}
