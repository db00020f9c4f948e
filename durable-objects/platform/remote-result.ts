/**
 * What another object answered, as data of this one's own. An answer that is not disposed of keeps both objects from sleeping,
 * for as long as the collector pleases.
 */
export async function resultOf<Result extends object>(call: Promise<Result>): Promise<Result> {
  const result = (await call) as Result & Partial<Disposable>;
  const copy = { ...result };
  result[Symbol.dispose]?.();
  return copy;
}
