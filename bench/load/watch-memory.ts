const SAMPLE_MS = 5;

/** The process's memory while something runs, sampled every few milliseconds. */
export function watchMemory(): { readonly peakMiB: () => number } {
  let peak = process.memoryUsage().rss;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), SAMPLE_MS);
  return {
    peakMiB: () => {
      clearInterval(timer);
      return Math.round(peak / 2 ** 20);
    },
  };
}
