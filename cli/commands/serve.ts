import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import { checkCluster, fromBase64Url, mostDataShards, parseChainId, sha256, toBase64 } from '../../core/index.ts';
import type { LocalCluster, LocalRelay, LocalRelayOptions } from '../../workers/local.ts';
import { Failure } from '../failure.ts';
import { commandPrefix, packageVersion } from '../invocation.ts';
import { collect, commandOutput, DEFAULT_RELAY_FOLDER, parseCount, parsePort } from '../options.ts';
import { table, type Output } from '../output.ts';

const DEFAULT_PORT = 8787;

interface ServeOptions {
  readonly port: number;
  readonly host: string;
  /** A folder; and with `nodes` a number besides or instead, of shards that hold data. */
  readonly data?: readonly string[];
  readonly nodes?: number;
  readonly cluster?: string;
  readonly spares: number;
  readonly name?: string;
  readonly addressHeader?: string;
  readonly registry?: string;
}

const THIS_MACHINE = ['127.0.0.1', '::1', 'localhost'];

export function addServe(program: Command): void {
  program
    .command('serve')
    .summary('run a relay on this machine')
    .description(
      'Runs the relay on this machine: the bundle that is deployed, on real workerd, with its state in a folder.',
    )
    .option('-p, --port <number>', 'where to listen; 0 takes any free port', parsePort, DEFAULT_PORT)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option(
      '-d, --data <folder>',
      `the relay's key and everything it keeps (default: ${DEFAULT_RELAY_FOLDER})`,
      collect,
    )
    .option('--nodes <number>', 'storage nodes; with it, --data NUMBER says how many shards hold data', parseCount)
    .option('--spares <number>', 'storage nodes besides, to take the place of others', parseSpares, 1)
    .option(
      '--cluster <file>',
      'nodes of other kinds too: JSON as CLUSTER of wrangler.toml has it, secrets from the environment',
    )
    .option('--name <name>', "the relay's name, fixed by its first start (default: localhost.terachat)")
    .option('--registry <id>', 'trust the policy modules of this registry; kept for the next start', parseRegistry)
    .option('--address-header <header>', 'where a proxy of your own names the address of its client')
    .addHelpText(
      'after',
      '\nExamples:\n  terachat serve\n  terachat serve --port 9000 --data /var/lib/terachat\n  terachat serve --nodes 6 --data 4\n  terachat serve --cluster cluster.json',
    )
    .action(async (options: ServeOptions, command: Command) => serve(options, commandOutput(command)));
}

async function serve(options: ServeOptions, output: Output): Promise<void> {
  const { port, host, name, addressHeader, registry } = options;
  const { folder: data, cluster } = clusterAndFolder(options);
  const isLocal = THIS_MACHINE.includes(host) && addressHeader === undefined;
  const relay = await start({
    folder: data,
    port,
    host,
    // Others than this machine's own programs get the limits of a deployment.
    limits: isLocal ? 'local' : 'deployed',
    variables: addressHeader === undefined ? {} : { ADDRESS_HEADER: addressHeader },
    ...(name === undefined ? {} : { name }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(registry === undefined ? {} : { registry }),
  });
  const version = packageVersion();
  const { url, folder, publicKey } = relay;
  output.result(
    { event: 'listening', version, url, name: relay.name, checkpointKey: publicKey, data: folder },
    greeting(relay, version),
  );
  await untilTold();
  output.note('\nStopping …');
  await relay.stop();
  output.note(`Stopped. State is kept in ${folder}.`);
}

/** `--data` names the folder, as ever; beside `--nodes` a number is k. Given twice it can say both. */
function clusterAndFolder({ data = [], nodes, cluster, spares }: ServeOptions): {
  folder: string;
  cluster?: LocalCluster;
} {
  const isNumber = (text: string) => nodes !== undefined && /^\d+$/.test(text);
  const folder = data.findLast((text) => !isNumber(text)) ?? DEFAULT_RELAY_FOLDER;
  if (cluster !== undefined && nodes !== undefined) {
    throw new Failure('usage', 'cluster-what', 'Both --nodes and --cluster say which nodes there are.');
  }
  if (cluster !== undefined) return { folder, cluster: { text: readText(cluster) } };
  if (nodes === undefined) return { folder };
  const asked = data.findLast(isNumber);
  const dataShards = asked === undefined ? Math.max(1, mostDataShards(nodes)) : Number(asked);
  const named = Array.from({ length: nodes }, (_, index) => ({ name: `node-${index}`, domain: `domain-${index}` }));
  const checked = checkCluster({ nodes: named, dataShards, allowsSharedDomains: true });
  if (checked.ok) return { folder, cluster: { nodes, dataShards, spares } };
  const { title, suggestion } = checked.error;
  const near = `--nodes ${suggestion.nodes.length + suggestion.nodesToAdd} --data ${suggestion.dataShards}`;
  throw new Failure('usage', checked.error.code, title, `This is valid: terachat serve ${near}`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Failure('usage', 'cluster-file', `${path} can't be read.`);
  }
}

/** A name that is none would pin nothing, and nobody would know. */
function parseRegistry(text: string): string {
  if (parseChainId(fromBase64Url(text)) === undefined) {
    throw new InvalidArgumentError('A registry is a chain id: terachat admin init prints one.');
  }
  return text;
}

function parseSpares(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('A number of nodes, from 0.');
  return Number(text);
}

/** Listens on: a second Ctrl-C must not end the process before its workerd. */
function untilTold(): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGINT', () => resolve());
    process.on('SIGTERM', () => resolve());
  });
}

async function start(options: LocalRelayOptions): Promise<LocalRelay> {
  // Loaded here: the runtime is large, and no other command needs it or Node 22.
  const { LocalRelayError, startLocalRelay } = await import('../../workers/local.ts');
  try {
    return await startLocalRelay(options);
  } catch (cause) {
    if (cause instanceof LocalRelayError) throw new Failure('usage', cause.problem.code, cause.message);
    throw cause;
  }
}

function greeting({ url, name, publicKey, folder, port }: LocalRelay, version: string): string {
  const prefix = commandPrefix();
  const relay = port === DEFAULT_PORT ? '' : ` --relay ${url}`;
  const facts = table([
    ['address', url],
    ['relay', name],
    ['key', fingerprint(publicKey)],
    ['data', folder],
  ]);
  return `TeraChat Relay ${version}

${facts}

Try it in another terminal:

  ${prefix} init --profile alice${relay}
  ${prefix} group create friends --profile alice
  ${prefix} send friends "hello" --profile alice

Ctrl-C stops; state is kept.`;
}

/** Short enough to read out: people compare it where a relay's key must be the right one. */
function fingerprint(publicKey: string): string {
  return `SHA256:${toBase64(sha256(fromBase64Url(publicKey) as Uint8Array)).replace(/=+$/, '')}`;
}
