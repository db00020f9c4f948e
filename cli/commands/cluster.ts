import { InvalidArgumentError, type Command } from 'commander';
import type { ClusterStatus, Json } from '../../core/index.ts';
import { drill, drillDamage, type DrillOptions } from '../cluster/drill.ts';
import { addOperatorOptions, asOperator, type ClusterTools, type OperatorOptions } from '../cluster/operator.ts';
import { viewStatus } from '../cluster/status-view.ts';
import { explainNodeRefusal, givenUp, undrained, unsettled } from '../cluster/refusals.ts';
import { isDrained, isGivenUp, isSettled, waitFor } from '../cluster/wait.ts';
import { Failure } from '../failure.ts';

const DRILL_LEFT =
  'A drill is at work here, or was cut off. What it took away is put back by: terachat cluster drill --undo';

interface WaitOptions extends OperatorOptions {
  readonly wait?: true;
}

/** For operators: how the storage nodes are, and what to do with them. */
export function addCluster(program: Command): void {
  const cluster = program.command('cluster').summary('look after the storage nodes of a relay that you operate');
  addStatus(cluster);
  addScrub(cluster);
  addDrain(cluster);
  addReplace(cluster);
  addDrill(cluster);
}

function addStatus(cluster: Command): void {
  addOperatorOptions(cluster.command('status'))
    .summary('show nodes, health, shards, repairs and how much more may be lost')
    .addHelpText(
      'after',
      '\nExamples:\n  terachat cluster status\n  terachat cluster status --remote --profile operator',
    )
    .action(
      asOperator(async (tools) => {
        print(tools, await tools.status());
        const { folder, output } = tools;
        if (folder !== undefined && (await drillDamage(folder)).isLeft) output.note(`\n${DRILL_LEFT}`);
      }),
    );
}

function addScrub(cluster: Command): void {
  addOperatorOptions(cluster.command('scrub'))
    .option('--wait', 'until everything is read and repaired')
    .summary('read every shard now, and repair what is missing or damaged')
    .addHelpText('after', '\nExample:\n  terachat cluster scrub --wait')
    .action(
      asOperator<WaitOptions>(async (tools, _args, { wait }) => {
        const begun = await tools.scrub();
        if (wait !== true) return print(tools, begun);
        const status = await waitFor(tools, (now) => isSettled(now));
        print(tools, status);
        if (!isSettled(status)) throw unsettled(status);
      }),
    );
}

function addDrain(cluster: Command): void {
  addOperatorOptions(cluster.command('drain'))
    .argument('<node>', 'as status names it')
    .option('--wait', 'until it can be taken away')
    .summary('move everything off a node to a spare')
    .addHelpText('after', '\nExample:\n  terachat cluster drain node-2 --wait')
    .action(
      asOperator<WaitOptions>((tools, [node = ''], { wait }) => replaceNode(tools, { node, wait: wait === true })),
    );
}

function addReplace(cluster: Command): void {
  addOperatorOptions(cluster.command('replace'))
    .argument('<node>', 'as status names it')
    .argument('<with>', 'a spare')
    .option('--wait', 'until the node can be taken away')
    .summary('have a spare take the place of a node, dead or alive')
    .addHelpText('after', '\nExample:\n  terachat cluster replace node-2 node-6 --wait')
    .action(
      asOperator<WaitOptions>((tools, [node = '', replacement = ''], { wait }) =>
        replaceNode(tools, { node, replacement, wait: wait === true }),
      ),
    );
}

function addDrill(cluster: Command): void {
  addOperatorOptions(cluster.command('drill'))
    .option('--kill <number>', 'nodes whose objects are moved away', parseNodes, 1)
    .option('--corrupt <number>', 'other nodes, of whose objects a byte is changed in each', parseNodes, 0)
    .option('--undo', 'only put back what a drill took that was cut off')
    .summary('damage a local relay from outside, read everything back, repair')
    .description(
      'For a relay that is served from this machine. Writes blobs of its own, moves the files of some nodes away, changes a byte in ' +
        'each file of others, reads everything back, has the relay repair, and reads again. Past the bound, and when it is stopped, it ' +
        'puts back what it took. The first ends with 1.',
    )
    .addHelpText('after', '\nExample:\n  terachat cluster drill --kill 1 --corrupt 1')
    .action(asOperator<OperatorOptions & DrillOptions>((tools, _args, options) => drill(tools, options)));
}

async function replaceNode(
  tools: ClusterTools,
  { node, replacement, wait }: { readonly node: string; readonly replacement?: string; readonly wait: boolean },
): Promise<void> {
  const begun = await beginDrain(tools, node, replacement);
  if (!wait) return print(tools, begun);
  // What is known of the node's shards is as old as the round: one that began later has counted what moved.
  const isDone = (now: ClusterStatus): boolean =>
    isDrained(now, node) || (now.scrub.round > begun.scrub.round && isGivenUp(now, node));
  const status = await waitFor(tools, isDone);
  print(tools, status);
  if (!isDone(status)) throw undrained(status, node);
  if (!isDrained(status, node)) tools.output.note(givenUp(node));
}

/** A wait that was ended early goes on where it was: a node that has given up its slot need not be told again. */
async function beginDrain(tools: ClusterTools, node: string, replacement: string | undefined): Promise<ClusterStatus> {
  try {
    return await tools.drain(node, replacement);
  } catch (cause) {
    if (!(cause instanceof Failure) || !/^no-(such|spare)-node$/.test(cause.code)) throw cause;
    const status = await tools.status();
    const isUnderWay = status.nodes.some(({ name, state }) => name === node && state === 'draining');
    if (isUnderWay && replacement === undefined) return status;
    throw explainNodeRefusal(cause, status, { node, replacement, isLocal: tools.folder !== undefined });
  }
}

function print({ output }: ClusterTools, status: ClusterStatus): void {
  output.result(status as unknown as Json, viewStatus(status));
}

function parseNodes(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('A number of nodes, from 0.');
  return Number(text);
}
