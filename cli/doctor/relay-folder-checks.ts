import { fail, pass, warn, type Check } from './check.ts';

/** The folder of a relay that is served from this machine; none where there is no such folder. */
export async function checkRelayFolder(path: string): Promise<readonly Check[]> {
  const { inspectRelayFolder } = await import('../../workers/local.ts');
  const found = inspectRelayFolder(path);
  if (found === undefined) return [];
  const { folder, file, isFilePrivate, launcher, runtime } = found;
  return [checkFile(folder, file, isFilePrivate), checkProcesses(folder, launcher, runtime)];
}

function checkFile(folder: string, file: 'missing' | 'invalid' | { readonly name: string }, isPrivate: boolean): Check {
  const name = 'relay-file';
  const path = `${folder}/relay.json`;
  if (file === 'missing') return warn(name, `${path} is not there`, 'The first start makes it: terachat serve');
  if (file === 'invalid')
    return fail(name, `${path} holds no relay key`, 'Restore it: a new key would disown every chain.');
  if (isPrivate) return pass(name, `${path} of ${file.name} is yours alone`);
  return fail(name, `others on this machine can read the relay's key in ${path}`, `chmod 600 ${path}`);
}

type Found = { readonly pid: number; readonly isRunning: boolean } | undefined;

function checkProcesses(folder: string, launcher: Found, runtime: Found): Check {
  const name = 'relay-process';
  if (launcher?.isRunning === true) return pass(name, `process ${launcher.pid} serves ${folder}`);
  if (runtime?.isRunning === true) {
    const found = `the relay of ${folder} was killed and its workerd runs on`;
    return fail(name, found, `kill ${runtime.pid}`);
  }
  return pass(name, launcher === undefined ? 'not running' : 'not running; it was killed and can be started again');
}
