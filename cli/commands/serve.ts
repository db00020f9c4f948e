import { InvalidArgumentError, type Command } from 'commander';
import { fromBase64Url, parseChainId, sha256, toBase64 } from '../../core/index.ts';
import type { LocalRelay, LocalRelayOptions } from '../../workers/local.ts';
import { drillDamage } from '../cluster/drill.ts';
import { Failure } from '../failure.ts';
import { commandPrefix, packageVersion } from '../invocation.ts';
import { clusterAndFolder, type StorageOptions } from '../cluster/serve-options.ts';
import { collect, commandOutput, DEFAULT_RELAY_FOLDER, parseCount, parsePort } from '../options.ts';
import { table, type Output } from '../output.ts';
import { whenToldToEnd } from '../when-told-to-end.ts';

const DEFAULT_PORT = 8787;

interface ServeOptions extends StorageOptions {
  readonly port: number;
  readonly host: string;
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
    .option('--spares <number>', 'storage nodes besides, to take the place of others (default: 1)', parseSpares)
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
  await undoDrill(data, output);
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
  await new Promise<void>((resolve) => whenToldToEnd(resolve));
  output.note('\nStopping …');
  await relay.stop();
  output.note(`Stopped. State is kept in ${folder}.`);
}

/** What a drill took that was cut off together with its relay. While a relay runs a drill may be at work. */
async function undoDrill(path: string, output: Output): Promise<void> {
  const { inspectRelayFolder } = await import('../../workers/local.ts');
  const { folder, launcher, runtime } = inspectRelayFolder(path) ?? {};
  if (folder === undefined || launcher?.isRunning === true || runtime?.isRunning === true) return;
  const damage = await drillDamage(folder);
  if (!damage.isLeft) return;
  damage.restore();
  output.note('A drill was cut off here. What it took away is back.\n');
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

async function start(options: LocalRelayOptions): Promise<LocalRelay> {
  // Loaded here: the runtime is large, and no other command needs it or Node 22.
  const { LocalRelayError, startLocalRelay } = await import('../../workers/local.ts');
  try {
    return await startLocalRelay(options);
  } catch (cause) {
    if (!(cause instanceof LocalRelayError)) throw cause;
    const { problem, message } = cause;
    throw new Failure('usage', problem.code, message, problem.code === 'invalid-cluster' ? problem.todo : undefined);
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
