export const LATE = Symbol('late');

/** What `work` gives, or LATE after `limitMs`. The work itself goes on. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T | typeof LATE> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const limit = new Promise<typeof LATE>((resolve) => {
    // eslint-disable-next-line no-restricted-globals -- pending only while work is, never in an idle object
    timer = setTimeout(() => resolve(LATE), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
