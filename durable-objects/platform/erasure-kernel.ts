import { loadErasureKernel, type ErasureKernel, type KernelBuild, type KernelExports } from '../../core/index.ts';
import relaxedSimd from '../../kernels/erasure-relaxed-simd.wasm';
import simd from '../../kernels/erasure-simd.wasm';

/** The builds for workerd, which has both kinds of instructions. */
export const workerdKernelBuilds: readonly KernelBuild[] = [
  { name: 'relaxed-simd', instantiate: () => instantiate(relaxedSimd) },
  { name: 'simd', instantiate: () => instantiate(simd) },
];

/** The fastest kernel that multiplies rightly here (`RS5`), with memory of its own. */
export function openWorkerdKernel(): ErasureKernel {
  return loadErasureKernel(workerdKernelBuilds);
}

function instantiate(module: WebAssembly.Module): KernelExports {
  return new WebAssembly.Instance(module).exports as unknown as KernelExports;
}
