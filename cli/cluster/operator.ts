import type { Command } from 'commander';
import type { ClusterStatus } from '../../core/index.ts';
import { operatorOf, type Operator } from '../../sdk/index.ts';
import { fileStorage, nodePlatform } from '../../sdk/node/index.ts';
import { problemFailure } from '../chain-download.ts';
import { Failure } from '../failure.ts';
import { DEFAULT_RELAY_FOLDER, globalOptions } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { connectFromNode, interruptSignal } from '../person.ts';
import { openProfile, storageFolder } from '../profile.ts';
import { readStatus } from './read-status.ts';

/** A relay's cluster, for one of its operators. */
export interface ClusterTools {
  readonly output: Output;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Of the relay, and its folder where it runs on this machine. */
  readonly url: string;
  readonly folder: string | undefined;
  status(): Promise<ClusterStatus>;
  /** Begins a round. */
  scrub(): Promise<ClusterStatus>;
  /** Without a replacement the relay takes the first spare that fits. */
  drain(node: string, replacement?: string): Promise<ClusterStatus>;
}

/** For the options of every command that acts as an operator. */
export interface OperatorOptions {
  readonly data: string;
  readonly remote?: true;
}

export function addOperatorOptions(command: Command): Command {
  return command
    .option('-d, --data <folder>', 'of a relay that is served from this machine', DEFAULT_RELAY_FOLDER)
    .option('--remote', "the profile's relay, whose OPERATORS list the profile's key");
}

/**
 * A command's action as an operator: of the relay that is served from the folder, whose own key the folder holds, or else as the
 * profile, whose key that relay's `OPERATORS` lists.
 */
export function asOperator<Options extends OperatorOptions>(
  work: (tools: ClusterTools, args: readonly string[], options: Options) => Promise<void>,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const options = command.opts<Options>();
    const interrupt = interruptSignal();
    try {
      const local = options.remote === true ? undefined : await localOperator(options.data);
      if (local === undefined && options.remote !== true) throw noRelay(options.data);
      const { json } = globalOptions(command);
      const run = (operator: Operator, url: string) => {
        const tools = toolsOf(operator, {
          output: createOutput(json),
          signal: interrupt.signal,
          url,
          folder: local?.folder,
        });
        return work(tools, command.processedArgs.flat() as string[], options);
      };
      if (local === undefined) await asProfile(command, interrupt.signal, run);
      else await run(local.operator, local.url);
    } finally {
      interrupt.release();
    }
  };
}

async function asProfile(
  command: Command,
  signal: AbortSignal,
  run: (operator: Operator, url: string) => Promise<void>,
): Promise<void> {
  const { folder, relay } = openProfile(globalOptions(command));
  const storage = fileStorage(storageFolder(folder));
  try {
    const session = await connectFromNode(relay, storage, signal);
    await run(session, relay).finally(() => session.close());
  } finally {
    await storage.close();
  }
}

function noRelay(data: string): Failure {
  const where = data === DEFAULT_RELAY_FOLDER ? '' : ` --data ${data}`;
  const hint = `Start it: terachat serve${where}\n  Or, for the relay of a profile that its OPERATORS list: --remote`;
  return new Failure('usage', 'no-local-relay', `No relay runs on ${data}.`, hint);
}

/** Undefined where no relay runs in the folder. */
async function localOperator(data: string): Promise<{ operator: Operator; url: string; folder: string } | undefined> {
  const { inspectRelayFolder, readOperatorSeed } = await import('../../workers/local.ts');
  const { folder, url } = inspectRelayFolder(data) ?? {};
  if (folder === undefined || url === undefined) return undefined;
  const seed = readOperatorSeed(folder);
  return seed && { operator: operatorOf(url, new Uint8Array(seed), nodePlatform()), url, folder };
}

function toolsOf(operator: Operator, rest: Pick<ClusterTools, 'output' | 'signal' | 'url' | 'folder'>): ClusterTools {
  const ask = async (method: string, path: string): Promise<ClusterStatus> => {
    const response = await operator.request(method, path, { accept: 'application/json', signal: rest.signal });
    if (!response.ok) throw await asFailure(response);
    return readStatus(await response.text());
  };
  return {
    ...rest,
    status: () => ask('GET', '/v1/cluster'),
    scrub: () => ask('POST', '/v1/cluster/scrub'),
    drain: (node, replacement) => {
      const to = replacement === undefined ? '' : `&replacement=${encodeURIComponent(replacement)}`;
      return ask('PATCH', `/v1/cluster/nodes/${encodeURIComponent(node)}?state=draining${to}`);
    },
  };
}

async function asFailure(response: Response): Promise<Failure> {
  const problem = (await response
    .clone()
    .json()
    .catch(() => null)) as { fault?: unknown } | null;
  const failure = await problemFailure(response);
  if (failure.code === 'no-cluster') return noCluster(problem?.fault);
  if (failure.code !== 'operator-required') return failure;
  const hint = 'List the key that whoami shows in OPERATORS of the relay, or run this where the relay is served from.';
  return new Failure('failed', failure.code, failure.message, hint);
}

/** Only operators are told what is wrong with the variable. */
function noCluster(fault: unknown): Failure {
  if (typeof fault === 'string') {
    const message = `The relay has no storage nodes, since its CLUSTER can't be used. ${fault}`;
    return new Failure('failed', 'no-cluster', message, 'Mend CLUSTER in wrangler.toml, then: npm run deploy');
  }
  return new Failure('failed', 'no-cluster', 'The relay has no storage nodes.', 'CLUSTER of wrangler.toml names them.');
}
