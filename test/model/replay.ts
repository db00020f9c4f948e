/** What `MODEL_SEED`, `MODEL_RUNS`, `MODEL_PATH` and `MODEL_REPLAY` ask for, as text. */
export interface ReplayRequest {
  readonly seed?: string | undefined;
  readonly runs?: string | undefined;
  readonly path?: string | undefined;
  readonly replay?: string | undefined;
}

declare module 'vitest' {
  export interface ProvidedContext {
    model: ReplayRequest;
  }
}

/** The environment of the process that starts the tests; workerd has none of its own. */
export function replayRequest(env: Readonly<Record<string, string | undefined>>): ReplayRequest {
  return { seed: env['MODEL_SEED'], runs: env['MODEL_RUNS'], path: env['MODEL_PATH'], replay: env['MODEL_REPLAY'] };
}
