/** Folders of vectors that there are cases for, in the order in which they run. */
export const VECTOR_FOLDERS = ['merkle', 'ed25519', 'c2sp', 'reed-solomon'] as const;
export type VectorFolder = (typeof VECTOR_FOLDERS)[number];

/** Parsed JSON by path inside its folder. Integers of 16 digits and more are strings, lest they lose digits. */
export type VectorFiles = Readonly<Record<string, unknown>>;

/** What was read, plain data, so that it can be handed to another runtime. A folder that is missing has no entry. */
export interface Vectors {
  readonly path: string;
  readonly folders: Partial<Record<VectorFolder, VectorFiles>>;
}

/**
 * One question to the implementation under test. `ask` gives plain data, and the implementation conforms where it equals
 * `expected`; a throw is a failure.
 */
export interface ConformanceCase {
  readonly name: string;
  readonly ask: () => unknown;
  readonly expected: unknown;
}
