import {
  fromBase64,
  loadErasureKernel,
  type ErasureKernel,
  type KernelBuild,
  type KernelExports,
} from '../core/index.ts';
import { erasureModules } from '../kernels/erasure-modules.ts';

/** The fastest kernel that this Node or browser runs and that multiplies rightly here (`RS5`), with memory of its own. */
export async function openWebKernel(): Promise<ErasureKernel> {
  return loadErasureKernel(await compileKernelBuilds());
}

/** The builds that this runtime has the instructions for. Compiled once, they can be instantiated as often as wanted. */
export async function compileKernelBuilds(): Promise<readonly KernelBuild[]> {
  const builds = await Promise.all([compile('relaxed-simd'), compile('simd')]);
  return builds.filter((build) => build !== undefined);
}

async function compile(name: KernelBuild['name']): Promise<KernelBuild | undefined> {
  const bytes = fromBase64(erasureModules[name]) as Uint8Array<ArrayBuffer>;
  if (!WebAssembly.validate(bytes)) return undefined;
  const module = await WebAssembly.compile(bytes);
  return { name, instantiate: () => new WebAssembly.Instance(module).exports as unknown as KernelExports };
}
