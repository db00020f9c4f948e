import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { post, type BenchGroup } from '../../bench/load/bench-group.ts';
import { PolicyRelay } from '../../bench/load/policy-relay.ts';
import {
  appendRequest,
  concatBytes,
  decodeTrusted,
  encode,
  meterModule,
  parseState,
  policyRecorded,
  sha256,
  stateAnswer,
  toBase64Url,
  uint64,
  type RelayInfo,
  type Submission,
} from '../../core/index.ts';
import { writePolicyEntry } from '../../scripts/deploy/policy-entry.ts';
import { buildWorker, bundledFiles, spawnRelay, type SpawnedRelay, type WorkerBundle } from '../../workers/local.ts';
import { verified } from '../core/policy/verified.ts';
import { readSample } from '../policies/sample.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'policy-entry-'));
const ledger = readSample('ledger');
let bundle: WorkerBundle;
/** Twice the same relay with the same chains: one that runs what it was deployed with, and one that loads. */
let bundled: SpawnedRelay;
let loading: SpawnedRelay;
let bank: BenchGroup;
let voters: BenchGroup;

beforeAll(async () => {
  const file = join(root, 'policies/ledger.wasm');
  const entry = writePolicyEntry(folder, { modules: [file, file], main: join(root, 'workers/relay/index.ts') });
  bundle = await buildWorker({ config: join(root, 'wrangler.toml'), folder: join(folder, 'out'), entry });
  const home = join(folder, 'relay');
  const first = await PolicyRelay.open({ folder: home, modules: [ledger, readSample('approval')] });
  [bank, voters] = [await first.foundGroup(ledger), await first.foundGroup(readSample('approval'))];
  await first.stop();
  cpSync(home, join(folder, 'copy'), { recursive: true });
  const variables = { REGISTRY: first.registry };
  bundled = await spawnRelay({ folder: home, port: 0, variables, bundle, policies: 'bundled' });
  loading = await spawnRelay({ folder: join(folder, 'copy'), port: 0, variables });
}, 300_000);

afterAll(async () => {
  await bundled.stop();
  await loading.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function infoOf(relay: SpawnedRelay): Promise<RelayInfo> {
  return (await (await fetch(`${relay.url}/v1/relay`)).json()) as RelayInfo;
}

/** What became of each, and what the policy has left. */
async function sendTo(relay: SpawnedRelay, group: BenchGroup, submissions: readonly Submission[]) {
  const { outcomes } = await post(`${relay.url}${group.path}/events`, appendRequest, { submissions });
  const answer = decodeTrusted(stateAnswer, await group.movedTo(relay).read('/state'));
  const state = parseState(answer.state);
  const problems = outcomes.map((outcome) => {
    if (outcome.kind === 'accepted') return [outcome.kind];
    const { code, reason } = JSON.parse(outcome.value.problem) as Record<string, unknown>;
    return [outcome.kind, code, reason];
  });
  return { problems, left: state?.kind === 'group' ? toBase64Url(state.value.policy?.state ?? new Uint8Array()) : '' };
}

function recordsOf(group: BenchGroup, contents: readonly Uint8Array[]): readonly Submission[] {
  const bodies = contents.map((content) => policyRecorded.encodeBody({ content }));
  return group.events(policyRecorded.type, bodies);
}

const transfer = (number: number, amount: number): Uint8Array =>
  concatBytes(Uint8Array.of(1), encode(uint64, number), new Uint8Array(32).fill(7), encode(uint64, amount));

test('[PX10] policies go into the real bundle as they are metered, under the hash of what was signed', () => {
  const contents = bundledFiles(bundle).map((path) => readFileSync(path));
  const metered = meterModule(verified(ledger));
  expect(contents.filter((content) => content.equals(metered))).toHaveLength(1);
  expect(contents.some((content) => content.includes(toBase64Url(sha256(ledger))))).toBe(true);
});

test('[PX11] a relay says whether it loads policies, or which it was deployed with', async () => {
  expect((await infoOf(bundled)).policies).toEqual({ run: 'bundled', modules: [toBase64Url(sha256(ledger))] });
  expect((await infoOf(loading)).policies).toEqual({ run: 'isolates', modules: [] });
});

test('[PX1, PX10] a policy that was bundled decides and leaves what a loaded one does, to the byte', async () => {
  const contents = [Uint8Array.of(0), transfer(1, 40), transfer(3, 1), transfer(2, 2), Uint8Array.of(9)];
  const records = recordsOf(bank, contents);
  const [here, there] = [await sendTo(bundled, bank, records), await sendTo(loading, bank, records)];
  expect(here).toEqual(there);
  expect(here.problems.map(([kind]) => kind)).toEqual(['accepted', 'accepted', 'refused', 'accepted', 'refused']);
  expect(here.left.length).toBeGreaterThan(100);
});

test('[PX9, PX10] a policy that was not bundled is not asked, and its group goes on with all else', async () => {
  const records = recordsOf(voters, [Uint8Array.of(0), Uint8Array.of(0)]);
  const undecided = ['refused', 'policy-undecided', undefined];
  expect((await sendTo(bundled, voters, records)).problems).toEqual([undecided, undecided]);
  const [message] = voters.messages(1);
  expect((await sendTo(bundled, voters, [message as Submission])).problems).toEqual([['accepted']]);
});
