import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  auditStateIntegrity,
  createSignatureChecker,
  encodeLogCopy,
  parseChainId,
  parseLogCopy,
  fromBase64Url,
  guaranteesOf,
  toBase64,
  toBase64Url,
  useSha256,
  useVerifyBatch,
  type AuditFault,
  type AuditReport,
  type AuditSubject,
  type Result,
} from '../../core/index.ts';
import { nodeSha256, nodeVerifyBatch } from '../../sdk/node/index.ts';
import { ChainDownload } from '../chain-download.ts';
import { Failure } from '../failure.ts';
import { lacksOf, weaknessesOf } from '../guarantees.ts';
import { commandOutput } from '../options.ts';
import { table, type Output } from '../output.ts';
import { asPerson, type Person } from '../person.ts';

/** Entries verified between two lines of progress. */
const BATCH = 1_024;

export function addAudit(program: Command): void {
  program
    .command('audit')
    .argument('[chain]', 'id of a chain, or name of a group')
    .option('--save <file>', 'keep the verified log, for audits without a relay')
    .option('--file <file>', 'audit a saved log, offline')
    .summary('verify a whole chain from its first entry')
    .description(
      'Downloads a chain and verifies everything: every signature, link, time and rule from entry 0 on, the Merkle ' +
        'root under the signed checkpoint, and the state that the relay claims. A saved log is verified without a relay.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat audit friends --save friends.log\n  terachat audit --file friends.log\n\nEnds with exit code 3 and the first bad entry where something does not verify.',
    )
    .action(async (chain: string | undefined, options: { save?: string; file?: string }, command: Command) => {
      if ((chain === undefined) === (options.file === undefined)) {
        throw new Failure('usage', 'audit-what', 'Say which chain to audit, or give a saved log with --file.');
      }
      if (options.file !== undefined) await auditFile(options.file, commandOutput(command));
      else await asPerson(auditChain)(command);
    });
}

async function auditChain(person: Person, [name]: readonly string[], { save }: { save?: string }): Promise<void> {
  const { output } = person;
  const id = await person.groups.resolve(name as string);
  const download = new ChainDownload(person.session, id, person.signal);
  const entries: Uint8Array[] = [];
  const report = await run(
    {
      chain: chainOf(id),
      batches: withProgress(download.pages(), output, save === undefined ? undefined : entries),
      checkpoint: () => download.checkpoint,
    },
    output,
  );
  const claimed = await download.claimedDigest();
  if (claimed !== undefined && toBase64Url(claimed) !== toBase64Url(report.stateDigest)) {
    throw faultFailure({ code: 'state-mismatch', index: report.size - 1 });
  }
  if (save !== undefined) {
    await writeFile(save, encodeLogCopy({ chain: report.chain, checkpoint: download.checkpoint, entries }), {
      mode: 0o600,
    });
    output.note(`Saved in ${save}.`);
  }
}

async function auditFile(path: string, output: Output): Promise<void> {
  const copy = parseLogCopy(new Uint8Array(await readFile(path)));
  if (!copy.ok) {
    throw new Failure(
      'unverified',
      'malformed-log',
      `${path} is no saved log: ${copy.error.reason} at byte ${copy.error.offset}.`,
    );
  }
  const { chain, entries, checkpoint } = copy.value;
  await run(
    {
      chain: chainOf(toBase64Url(chain)),
      batches: withProgress(inBatches(entries), output),
      checkpoint: () => checkpoint,
    },
    output,
  );
}

async function run(subject: AuditSubject, output: Output): Promise<AuditReport> {
  useSha256(nodeSha256);
  useVerifyBatch(nodeVerifyBatch);
  const checker = createSignatureChecker({ verifyBatch: nodeVerifyBatch });
  const result: Result<AuditReport, AuditFault> = await auditStateIntegrity(subject, (jobs) => checker.check(jobs));
  if (!result.ok) throw faultFailure(result.error);
  const { chain, size, root, state, stateDigest, relayTime } = result.value;
  const promised = { guarantees: guaranteesOf(state.value.genesis) };
  const value = {
    ok: true,
    chain: toBase64Url(chain),
    size,
    root: toBase64(root),
    stateDigest: toBase64Url(stateDigest),
    relayTime: new Date(relayTime).toISOString(),
    lacks: lacksOf(promised),
  };
  const facts = table([
    ['chain', value.chain],
    ['entries', `${size}, every signature, link and rule`],
    ['root', `${value.root}, as the relay signed`],
    ['state', value.stateDigest],
    ['newest', value.relayTime],
    ...weaknessesOf(promised).map((weakness) => ['without', weakness] as const),
  ]);
  output.result(value, `Verified.\n${facts}`);
  return result.value;
}

async function* withProgress(
  batches: AsyncIterable<readonly Uint8Array[]> | Iterable<readonly Uint8Array[]>,
  output: Output,
  kept?: Uint8Array[],
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  let count = 0;
  for await (const batch of batches) {
    kept?.push(...batch);
    yield batch;
    const before = count;
    count += batch.length;
    if (Math.floor(before / BATCH) < Math.floor(count / BATCH)) output.note(`${count} entries verified …`);
  }
}

function* inBatches(entries: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  for (let from = 0; from < entries.length; from += BATCH) yield entries.slice(from, from + BATCH);
}

function chainOf(id: string): AuditSubject['chain'] {
  const chain = parseChainId(fromBase64Url(id));
  if (chain === undefined) throw new Failure('usage', 'invalid-chain', `'${id}' is no chain id.`);
  return chain;
}

function faultFailure(fault: AuditFault): Failure {
  const place = 'index' in fault ? `entry ${fault.index}: ` : '';
  const rule = 'rule' in fault ? ` (${fault.rule})` : '';
  return new Failure('unverified', fault.code, `${place}${fault.code}${rule}. ${explain(fault)}`, KEEP);
}

const KEEP = 'Keep this copy: with a checkpoint that somebody else holds, it is evidence.';

function explain(fault: AuditFault): string {
  switch (fault.code) {
    case 'malformed-entry':
      return 'Its bytes are no entry.';
    case 'wrong-index':
      return 'It is not the entry that belongs here.';
    case 'broken-link':
      return 'It does not follow the one before: one of the two was changed.';
    case 'time-fell':
      return 'It is dated before the one before it.';
    case 'wrong-chain':
      return 'It was signed for another chain.';
    case 'bad-signature':
      return 'Its actor did not sign these bytes.';
    case 'event-id-repeated':
      return 'Its event was sequenced before.';
    case 'forbidden-entry':
      return 'The relay took what the rules forbid.';
    case 'empty-log':
      return 'There is no entry to audit.';
    case 'root-mismatch':
      return `The signed checkpoint over ${fault.checkpointSize} entries is not of these ${fault.logSize}: one was changed, added or left out.`;
    case 'state-mismatch':
      return 'The state that the relay claims is not what its log gives.';
    default:
      return 'The checkpoint is not one that this relay signed for this chain.';
  }
}
