export const LATE = Symbol('late');

/** What `work` gives, or LATE after `limitMs`: its signal aborts then, and what becomes of it is nobody's concern. */
export async function withDeadline<T>(
  limitMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | typeof LATE> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<typeof LATE>((resolve) => {
    // eslint-disable-next-line no-restricted-globals -- pending only while work is, so an idle object still sleeps
    timer = setTimeout(() => {
      resolve(LATE);
      abort.abort();
    }, limitMs);
  });
  try {
    return await Promise.race([work(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
