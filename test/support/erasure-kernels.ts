import { loadErasureKernel, loadPortableKernel, type ErasureKernel, type KernelBuild } from '../../core/index.ts';

/** A kernel of each build, and the portable one. A build that would be passed over is a fault, not something to skip. */
export function kernelsOf(builds: readonly KernelBuild[]): ErasureKernel[] {
  const kernels = builds.map((build) => {
    const kernel = loadErasureKernel([build]);
    if (kernel.name !== build.name) throw new Error(`the ${build.name} build does not work here`);
    return kernel;
  });
  return [...kernels, loadPortableKernel()];
}
