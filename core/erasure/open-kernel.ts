import { equalBytes } from '../bytes/index.ts';
import type { ErasureKernel, KernelName } from './kernel.ts';
import type { Matrix } from './matrix.ts';
import { loadPortableKernel } from './portable-kernel.ts';
import { openWasmKernel, type KernelExports } from './wasm-kernel.ts';

/** A build of the SIMD kernel that this runtime may or may not have the instructions for. */
export interface KernelBuild {
  readonly name: Exclude<KernelName, 'portable'>;
  /** Makes an instance of its own for each call. A throw says that the runtime can't. */
  readonly instantiate: () => KernelExports;
}

/** The probe: 7 rows, so that rows are taken in a four, a two and a one; with 37 columns there is room for all 256 bytes. */
const PROBE_ROWS = 7;
const PROBE_COLUMNS = 37;
const PROBE_BYTES = 256;

/**
 * The first of the builds that runs here and multiplies rightly, or else the portable kernel (`RS5`). A runtime with a
 * wrong instruction would write shards that nobody could read back, and that would show only when they are needed.
 */
export function loadErasureKernel(builds: readonly KernelBuild[]): ErasureKernel {
  const expected = probe(loadPortableKernel());
  for (const { name, instantiate } of builds) {
    try {
      const kernel = openWasmKernel(name, instantiate());
      if (equalBytes(probe(kernel), expected)) return kernel;
    } catch {
      // Without the instructions it does not compile; one that traps is as wrong as one that errs.
    }
  }
  return loadPortableKernel();
}

/** All that a kernel leaves in its room after every coefficient has been multiplied with every byte. */
function probe(kernel: ErasureKernel): Uint8Array {
  const cells = Uint8Array.from({ length: PROBE_ROWS * PROBE_COLUMNS }, (_, i) => i);
  const matrix: Matrix = { rows: PROBE_ROWS, columns: PROBE_COLUMNS, cells };
  const offsets = Array.from({ length: PROBE_COLUMNS + PROBE_ROWS }, (_, i) => i * PROBE_BYTES);
  const inputs = offsets.slice(0, PROBE_COLUMNS);
  const room = kernel.reserve((offsets.length + 1) * PROBE_BYTES);
  // Each input has every byte, at another place; what is past the outputs has to stay.
  for (let i = 0; i < room.length; i++) room[i] = i + 11 * Math.floor(i / PROBE_BYTES);
  kernel.prepare(matrix)(room, { inputs, outputs: offsets.slice(PROBE_COLUMNS), bytes: PROBE_BYTES });
  return room.slice();
}
