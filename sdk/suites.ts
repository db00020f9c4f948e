import { DEFAULT_SUITE, findSuite, mlsSuites, type MlsSuite } from '../core/mls/index.ts';

/** A cipher suite by its number in RFC 9420 §17.1, or 0xf0a2 for the X-Wing experiment. */
export type SuiteNumber = number;

/** Throws a RangeError for a number that no suite here has. */
export function suiteOf(number: SuiteNumber = DEFAULT_SUITE.id): MlsSuite {
  const suite = findSuite(number);
  if (suite !== undefined) return suite;
  throw new RangeError(`no cipher suite ${number}: there are ${mlsSuites.map(({ id }) => id).join(', ')}`);
}

/** Suites that a device can be invited in unless it is told otherwise. Experiments are not among them. */
export const DEFAULT_SUITES: readonly SuiteNumber[] = [1, 2, 3];
