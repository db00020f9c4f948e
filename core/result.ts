/**
 * The outcome of something a caller can get wrong. A refusal is a value with a stable code; only a broken invariant
 * throws.
 */
export type Result<T, E> = Ok<T> | Err<E>;

/** It went well. */
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

/** It was refused. */
export interface Err<E> {
  readonly ok: false;
  readonly error: E;
}

/** A result that holds a value. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** A result that holds a refusal. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error };
}
