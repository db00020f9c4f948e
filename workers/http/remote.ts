/**
 * An object's methods as a stub gives them. The platform's own mapping would turn an `Answer` into `never`, since a refusal
 * may carry any detail; what is named here is checked against the class all the same.
 */
export type Remote<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...args: infer Arguments) => infer Returned
    ? (...args: Arguments) => Promise<Awaited<Returned>>
    : never;
};
