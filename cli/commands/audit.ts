import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  encodeLogCopy,
  findModule,
  guaranteesOf,
  toBase64,
  toBase64Url,
  type AuditReport,
  type AuditSubject,
  type ChainState,
} from '../../core/index.ts';
import { LocalPolicyExecutor } from '../../sdk/index.ts';
import { ChainDownload } from '../chain-download.ts';
import { Failure } from '../failure.ts';
import { lacksOf, weaknessesOf } from '../guarantees.ts';
import { AUDIT_BATCH, auditedChain, faultFailure, readLogCopy, subjectOf, verifyLog } from '../log-audit.ts';
import { MessageTimes } from '../message-times.ts';
import { keepingModules, modulesOfCopy, modulesOfRelay } from '../module-sources.ts';
import { commandOutput } from '../options.ts';
import { table, type Output } from '../output.ts';
import { asPerson, type Person } from '../person.ts';

export function addAudit(program: Command): void {
  program
    .command('audit')
    .argument('[chain]', 'id of a chain, or name of a group')
    .option('--save <file>', 'keep the verified log with the modules of its policies, for audits without a relay')
    .option('--file <file>', 'audit a saved log, offline')
    .option('--modules <folder>', 'with --file: modules of policies that are not in it')
    .summary('verify a whole chain from its first entry')
    .description(
      'Downloads a chain and verifies everything: every signature, link, time and rule from entry 0 on, the Merkle ' +
        'root under the signed checkpoint, and the state that the relay claims. Policies are run again over all that they decided. ' +
        'A saved log is verified without a relay.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat audit friends --save friends.log\n  terachat audit --file friends.log\n  terachat audit --file shop.log --modules policies\n\nEnds with exit code 3 and the first bad entry where something does not verify.',
    )
    .action(async (chain: string | undefined, options: AuditOptions, command: Command) => {
      if ((chain === undefined) === (options.file === undefined)) {
        throw new Failure('usage', 'audit-what', 'Say which chain to audit, or give a saved log with --file.');
      }
      if (options.file !== undefined) await auditFile(options.file, options.modules, commandOutput(command));
      else await asPerson(auditChain)(command);
    });
}

interface AuditOptions {
  readonly save?: string;
  readonly file?: string;
  readonly modules?: string;
}

async function auditChain(person: Person, [name]: readonly string[], { save }: AuditOptions): Promise<void> {
  const { output } = person;
  const id = await person.groups.resolve(name as string);
  const download = new ChainDownload(person.session, id, person.signal);
  const entries: Uint8Array[] = [];
  const modules = new Map<string, Uint8Array>();
  const report = await run(
    {
      chain: auditedChain(id),
      batches: download.pages(),
      checkpoint: () => download.checkpoint,
      executor: new LocalPolicyExecutor(keepingModules(modulesOfRelay(person.session, person.signal), modules)),
    },
    output,
    save === undefined ? undefined : entries,
  );
  const claimed = await download.claimedDigest();
  if (claimed !== undefined && toBase64Url(claimed) !== toBase64Url(report.stateDigest)) {
    throw faultFailure({ code: 'state-mismatch', index: report.size - 1 });
  }
  if (save !== undefined) {
    const copy = { chain: report.chain, checkpoint: download.checkpoint, entries, modules: [...modules.values()] };
    await writeFile(save, encodeLogCopy(copy), { mode: 0o600 });
    output.note(`Saved in ${save}${modules.size === 0 ? '' : ', with the modules of its policies'}.`);
  }
}

async function auditFile(path: string, modules: string | undefined, output: Output): Promise<void> {
  const copy = await readLogCopy(path);
  const subject = subjectOf(copy);
  // Without any module the audit itself says which entry it can't judge.
  const hasModules = copy.modules.length > 0 || modules !== undefined;
  const executor = hasModules ? new LocalPolicyExecutor(modulesOfCopy(copy, modules)) : undefined;
  await run({ ...subject, executor }, output);
}

async function run(subject: AuditSubject, output: Output, kept?: Uint8Array[]): Promise<AuditReport> {
  const times = new MessageTimes();
  const batches = asRead(subject.batches, output, (entries) => {
    times.take(entries);
    kept?.push(...entries);
  });
  const report = await verifyLog({ ...subject, batches });
  const { chain, size, root, state, stateDigest, relayTime } = report;
  const promised = { guarantees: guaranteesOf(state.value.genesis) };
  const value = {
    ok: true,
    chain: toBase64Url(chain),
    size,
    root: toBase64(root),
    stateDigest: toBase64Url(stateDigest),
    relayTime: new Date(relayTime).toISOString(),
    lacks: lacksOf(promised),
    policy: policyIn(state),
    messages: times.count,
    expired: times.expiredBy(Date.now(), state.value.genesis.retentionMs),
  };
  const facts = table([
    ['chain', value.chain],
    ['entries', `${size}, every signature, link and rule`],
    ['root', `${value.root}, as the relay signed`],
    ['state', value.stateDigest],
    ['newest', value.relayTime],
    ...(value.messages === 0 ? [] : [['messages', describeMessages(value)] as const]),
    ...(value.policy === null ? [] : [['policy', describePolicy(value.policy)] as const]),
    ...weaknessesOf(promised).map((weakness) => ['without', weakness] as const),
  ]);
  output.result(value, `Verified.\n${facts}`);
  return report;
}

/** A log names what was said by its hash, and holds nothing of it: so it proves what is gone as well as what is there. */
function describeMessages({ messages, expired }: Readonly<Record<'messages' | 'expired', number>>): string {
  if (expired === 0) return `${messages}, each by its hash`;
  return `${messages}, each by its hash; ${expired} expired: the bytes are gone, the proof remains`;
}

type AuditedPolicy = Readonly<Record<'name' | 'module', string> & Record<'version' | 'stateBytes', number>>;

/** The policy in force at the end: an audit that ends well has run it, and those before it. */
function policyIn({ kind, value }: ChainState): AuditedPolicy | null {
  if (kind !== 'group' || value.policy === undefined || value.registry === undefined) return null;
  const { module, state } = value.policy;
  const manifest = findModule(value.registry.state, module)?.manifest;
  if (manifest === undefined) throw new Error('what is in force was published');
  const { name, version } = manifest;
  return { name, version, module: toBase64Url(module), stateBytes: state.length };
}

function describePolicy({ name, version, module, stateBytes }: AuditedPolicy): string {
  return `${name} ${version} (${module}), run again; its state has ${stateBytes} bytes`;
}

async function* asRead(
  batches: AuditSubject['batches'],
  output: Output,
  note: (entries: readonly Uint8Array[]) => void,
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  let count = 0;
  for await (const batch of batches) {
    note(batch);
    yield batch;
    const before = count;
    count += batch.length;
    if (Math.floor(before / AUDIT_BATCH) < Math.floor(count / AUDIT_BATCH)) output.note(`${count} entries verified …`);
  }
}
