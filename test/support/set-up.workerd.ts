/**
 * Set up before the tests of each file in workerd. Their pool asks Vite, in another process, where the worker's module lies: at
 * every request and every call of an object. The answer is always the same, and asking takes a fifth of the time.
 */
import { reset } from 'cloudflare:test';
import { beforeAll } from 'vitest';

interface ModuleRunner {
  /** With options for files of tests and of their setup, which run anew each time. */
  import(id: string, options?: object): Promise<unknown>;
}

const { __vitest_mocker__: mocker, firstSetUp } = globalThis as unknown as {
  __vitest_mocker__: { moduleRunner: ModuleRunner };
  firstSetUp?: { readonly now: () => number; readonly error: typeof console.error };
};
if (firstSetUp === undefined) {
  Object.assign(globalThis, { firstSetUp: { now: Date.now, error: console.error } });
  askOnce(mocker.moduleRunner);
} else {
  // Files share an isolate: each begins with the machine's clock and log, also where it takes them while it is loaded.
  Date.now = firstSetUp.now;
  console.error = firstSetUp.error;
}

function askOnce(runner: ModuleRunner): void {
  const ask = runner.import.bind(runner);
  const modules = new Map<string, unknown>();
  runner.import = async (id, options) => {
    if (options !== undefined) return ask(id, options);
    const known = modules.get(id);
    if (known !== undefined) return known;
    const loaded = await ask(id);
    modules.set(id, loaded);
    return loaded;
  };
}

// And with nothing stored in any object.
beforeAll(() => reset());
