import type { SpawnedRelay } from '../../workers/local.ts';
import { cpuMs } from '../load/process-cpu.ts';

/** CPU time that workerd takes to read a ratchet tree and hash all of it with ts-mls and Web Crypto, in ms. */
export async function hashTreeCpuMs(floors: SpawnedRelay, tree: Uint8Array, count: number): Promise<number> {
  const before = cpuMs(floors.runtimePid);
  for (let i = 0; i < count; i++) {
    const response = await fetch(`${floors.url}/hash-tree`, { method: 'POST', body: tree as Uint8Array<ArrayBuffer> });
    if (response.status !== 200) throw new Error(`the tree's floor answered ${response.status}`);
  }
  return (cpuMs(floors.runtimePid) - before) / count;
}
