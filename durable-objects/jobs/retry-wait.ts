/** Ms to wait after an attempt that failed, the first being number 0: twice as long each time, up to the longest. */
export function retryWait(attempt: number, { firstMs, longestMs }: { firstMs: number; longestMs: number }): number {
  return Math.min(longestMs, firstMs * 2 ** attempt);
}
