import { performance } from 'node:perf_hooks';

/** Runs `run` over all items, `width` at a time, in order of starting. Returns items a second. */
export async function rateOf<T>(
  items: readonly T[],
  width: number,
  run: (item: T) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await run(items[next++] as T);
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: width }, lane));
  return (items.length * 1000) / (performance.now() - startMs);
}
