import { operatorOf } from '../../sdk/index.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { checkClusterStatus } from '../cluster/cluster-checks.ts';
import { readStatus } from '../cluster/read-status.ts';
import { Failure } from '../failure.ts';
import { fail, pass, warn, type Check } from './check.ts';

/** The folder of a relay that is served from this machine; none where there is no such folder, unless somebody named it. */
export async function checkRelayFolder(path: string, isNamed: boolean): Promise<readonly Check[]> {
  const { inspectRelayFolder, readOperatorSeed } = await import('../../workers/local.ts');
  const found = inspectRelayFolder(path);
  if (found === undefined) return isNamed ? [missing(path)] : [];
  const { folder, file, isFilePrivate, launcher, runtime, url } = found;
  const checks = [checkFile(folder, file, isFilePrivate), checkProcesses(folder, launcher, runtime)];
  const seed = readOperatorSeed(folder);
  return url === undefined || seed === undefined ? checks : [...checks, ...(await checkCluster(url, seed))];
}

/** As the relay's own operator, whose key lies in the folder. */
async function checkCluster(url: string, seed: Uint8Array): Promise<readonly Check[]> {
  try {
    const response = await operatorOf(url, new Uint8Array(seed), nodePlatform()).request('GET', '/v1/cluster');
    if (response.ok) return checkClusterStatus(readStatus(await response.text()));
    return [warn('cluster-nodes', `the relay answered with ${response.status}`, 'terachat cluster status says more.')];
  } catch (cause) {
    if (cause instanceof Failure) return [fail('cluster-nodes', cause.message, cause.hint ?? '')];
    const found = cause instanceof Error ? cause.message : String(cause);
    return [warn('cluster-nodes', `no answer: ${found}`, 'Try again when the relay has started.')];
  }
}

function missing(path: string): Check {
  return warn('relay-file', `${path} is not there`, 'The first start makes it: terachat serve');
}

function checkFile(folder: string, file: 'missing' | 'invalid' | { readonly name: string }, isPrivate: boolean): Check {
  const name = 'relay-file';
  const path = `${folder}/relay.json`;
  if (file === 'missing') return missing(path);
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
