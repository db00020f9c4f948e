/**
 * Set up before tests in workerd. Their pool asks Vite, in another process, where the worker's module lies: at every
 * request and every call of an object. The answer is always the same, and asking takes a fifth of the time.
 */
interface ModuleRunner {
  import(id: string): Promise<unknown>;
}

const { moduleRunner } = (globalThis as unknown as { __vitest_mocker__: { moduleRunner: ModuleRunner } })
  .__vitest_mocker__;
const ask = moduleRunner.import.bind(moduleRunner);
const modules = new Map<string, unknown>();

moduleRunner.import = async (id) => {
  const known = modules.get(id);
  if (known !== undefined) return known;
  const loaded = await ask(id);
  modules.set(id, loaded);
  return loaded;
};
