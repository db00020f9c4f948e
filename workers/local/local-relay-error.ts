/** Why a local relay does not start, in a form that crosses processes. */
export type LocalRelayProblem =
  | { readonly code: 'port-taken'; readonly port: number; readonly freePort: number }
  | { readonly code: 'address-unusable'; readonly host: string; readonly port: number; readonly cause: string }
  | { readonly code: 'folder-unusable'; readonly folder: string; readonly cause: string }
  | { readonly code: 'folder-in-use'; readonly folder: string; readonly pid: number }
  | { readonly code: 'runtime-orphaned'; readonly folder: string; readonly pid: number }
  | { readonly code: 'relay-file-invalid'; readonly path: string }
  | { readonly code: 'relay-name-fixed'; readonly path: string; readonly name: string }
  | { readonly code: 'invalid-cluster'; readonly title: string; readonly todo?: string | undefined }
  | { readonly code: 'node-too-old'; readonly node: string; readonly oldest: number }
  | { readonly code: 'runtime-missing'; readonly cause: string }
  | { readonly code: 'worker-not-built'; readonly output: string }
  | { readonly code: 'start-failed'; readonly cause: string };

/** Its message says what to do next; `problem` says the same to a program. */
export class LocalRelayError extends Error {
  readonly problem: LocalRelayProblem;

  constructor(problem: LocalRelayProblem) {
    super(messageOf(problem));
    this.name = 'LocalRelayError';
    this.problem = problem;
  }
}

function messageOf(problem: LocalRelayProblem): string {
  switch (problem.code) {
    case 'port-taken':
      return `Port ${problem.port} is taken. Port ${problem.freePort} is free: --port ${problem.freePort}`;
    case 'address-unusable':
      return addressUnusable(problem);
    case 'folder-unusable':
      return `No relay can keep its state in ${problem.folder} (${problem.cause}). Name another folder: --data FOLDER`;
    case 'folder-in-use':
      return `Process ${problem.pid} already runs a relay on ${problem.folder}. Stop it, or name another folder: --data FOLDER`;
    case 'runtime-orphaned':
      return (
        `The relay of ${problem.folder} was killed and its workerd still runs as process ${problem.pid}. ` +
        `End it first: kill ${problem.pid}`
      );
    case 'relay-file-invalid':
      return `${problem.path} holds no relay key that can be read. Restore it: a new key would disown every chain.`;
    case 'relay-name-fixed':
      return `The chains of this relay are signed as ${problem.name}, which can't change. See ${problem.path}`;
    case 'invalid-cluster':
      return problem.title;
    case 'node-too-old':
      return `A local relay needs Node ${problem.oldest} or newer, and this is Node ${problem.node}. Everything else runs on it.`;
    case 'runtime-missing':
      return `A local relay needs miniflare beside this package: npm install miniflare (${problem.cause})`;
    case 'worker-not-built':
      return `The worker could not be bundled:\n${problem.output}`;
    case 'start-failed':
      return `The relay did not start: ${problem.cause}`;
  }
}

type AddressUnusable = Extract<LocalRelayProblem, { readonly code: 'address-unusable' }>;

function addressUnusable({ host, port, cause }: AddressUnusable): string {
  // Below 1024 most systems let nobody but root listen.
  if (cause === 'EACCES') return `You may not listen on port ${port} of ${host}. Take one from 1024 on: --port 8787`;
  return `This machine has no address ${host} (${cause}). Name one of its own: --host 127.0.0.1, or 0.0.0.0 for all`;
}
