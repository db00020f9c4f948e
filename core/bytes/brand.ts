declare const brand: unique symbol;

/**
 * A value that a parser or guard has vouched for. Only the module that declares a brand mints it, so holding one is
 * proof that the check ran.
 */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
