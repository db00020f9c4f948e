import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  appendRequest,
  auditStateIntegrity,
  concatBytes,
  createSignatureChecker,
  decodeTrusted,
  encode,
  entryPage,
  MAX_PAGE_ENTRIES,
  MEDIA_TYPE,
  policyRecorded,
  stateAnswer,
  toHex,
  uint64,
  type EntryPage,
  type Submission,
} from '../../core/index.ts';
import { signEvent, type BenchGroup, type LoadActor } from '../../bench/load/bench-group.ts';
import { PolicyRelay } from '../../bench/load/policy-relay.ts';
import { LocalPolicyExecutor } from '../../sdk/index.ts';
import { nodeVerifyBatch } from '../../sdk/node/index.ts';
import { readSample } from '../policies/sample.ts';

const ACTORS = 20;
const TRANSFERS = 5_000;
const KILLS = 3;
const FUNDS = 500;
/** Most of these are not there to be given. */
const MAX_AMOUNT = 400;
const RETRY_MS = 50;
const UNAVAILABLE = 503;
const ledger = readSample('ledger');

const folder = mkdtempSync(join(tmpdir(), 'policy-ledger-'));
let relay: PolicyRelay;
let group: BenchGroup;
let members: readonly LoadActor[];

beforeAll(async () => {
  relay = await PolicyRelay.open({ folder, modules: [ledger] });
  group = await relay.foundGroup(ledger);
  members = await group.addMembers(ACTORS);
}, 300_000);

afterAll(async () => {
  await relay.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: 'accepted' | number;
}

function recordOf(actor: LoadActor, ...parts: readonly Uint8Array[]): Submission {
  const body = policyRecorded.encodeBody({ content: concatBytes(...parts) });
  return signEvent(actor, { chain: group.chain, seen: group.seen, type: policyRecorded.type, body });
}

const transferOf = (from: LoadActor, number: number, to: LoadActor, amount: number): Submission =>
  recordOf(from, Uint8Array.of(1), encode(uint64, number), to.actor, encode(uint64, amount));

/** Sends it until there is an answer, whatever dies meanwhile. */
async function send(record: Submission): Promise<Outcome> {
  const body = encode(appendRequest, { submissions: [record] }) as Uint8Array<ArrayBuffer>;
  const init = { method: 'POST', headers: { 'content-type': MEDIA_TYPE }, body };
  for (;;) {
    const response = await fetch(`${relay.relay.url}${group.path}/events`, init).catch(() => undefined);
    const outcome = response && (await outcomeOf(response));
    if (outcome !== undefined) return outcome;
    await sleep(RETRY_MS);
  }
}

/** Undefined where the relay is not ready to say: it is about to die, or to live again. */
async function outcomeOf(response: Response): Promise<Outcome | undefined> {
  const body = await response.arrayBuffer().catch(() => undefined);
  if (body === undefined || response.status === UNAVAILABLE) return undefined;
  if (response.ok) return { code: 'accepted' };
  const { code, reason } = JSON.parse(Buffer.from(body).toString()) as { code: string; reason?: number | string };
  if (code === 'policy-rejected') return { code: Number(reason) };
  throw new Error(`a transfer is refused: ${code}`);
}

/** One actor's transfers, one after the other. Some are sent twice at once, some again in another event. */
async function spend(from: LoadActor, count: number): Promise<{ accepted: number; rejected: number }> {
  let [accepted, rejected] = [0, 0];
  for (let i = 0; i < count; i++) {
    const to = members[(members.indexOf(from) + 1 + randomInt(ACTORS - 1)) % ACTORS] as LoadActor;
    const amount = 1 + randomInt(MAX_AMOUNT);
    const record = transferOf(from, accepted + 1, to, amount);
    const [outcome, again] = await Promise.all([send(record), i % 7 === 0 ? send(record) : undefined]);
    if (outcome.code !== 'accepted') rejected++;
    else accepted++;
    if (again?.code === 'accepted' && outcome.code !== 'accepted') accepted++;
    // The same transfer under another id changes nothing.
    if (outcome.code === 'accepted' && i % 11 === 0) {
      expect(await send(transferOf(from, accepted, to, amount))).toEqual({ code: 'accepted' });
    }
  }
  return { accepted, rejected };
}

const read = (path: string): Promise<Uint8Array> => group.movedTo(relay.relay).read(path);

async function pages(): Promise<readonly EntryPage[]> {
  const all: EntryPage[] = [];
  for (let from = 0; ;) {
    const page = decodeTrusted(entryPage, await read(`/entries?from=${from}&limit=${MAX_PAGE_ENTRIES}`));
    if (page.entries.length === 0) return all;
    all.push(page);
    from += page.entries.length;
  }
}

/** Balances and numbers of transfers by key. */
function accountsOf(state: Uint8Array): Map<string, { readonly balance: bigint; readonly transfers: number }> {
  const view = new DataView(state.buffer, state.byteOffset, state.length);
  const accounts = new Map<string, { balance: bigint; transfers: number }>();
  for (let at = 32; at < state.length; at += 48) {
    const [balance, transfers] = [view.getBigInt64(at + 32, true), Number(view.getBigUint64(at + 40, true))];
    accounts.set(toHex(state.subarray(at, at + 32)), { balance, transfers });
  }
  return accounts;
}

test(`[PB6, PB12, PX9] ${TRANSFERS} random transfers of ${ACTORS} actors at once, sent again and again while the relay is killed`, async () => {
  const { founder } = group;
  expect(await send(recordOf(founder, Uint8Array.of(0)))).toEqual({ code: 'accepted' });
  for (const [i, member] of members.entries()) await send(transferOf(founder, i + 1, member, FUNDS));

  const spending = Promise.all(members.map((member) => spend(member, TRANSFERS / ACTORS)));
  const killing = (async () => {
    for (let kills = 0; kills < KILLS; kills++) {
      await sleep(1_000 + randomInt(2_000));
      await relay.killAndStart();
    }
  })();
  const counts = await spending;
  await killing;

  const log = await pages();
  const answer = decodeTrusted(stateAnswer, await read('/state'));
  const audited = await auditStateIntegrity(
    {
      chain: group.chain,
      batches: log.map(({ entries }) => entries.map(({ entry }) => entry)),
      checkpoint: () => log.at(-1)?.checkpoint ?? '',
      claimedDigest: answer.digest,
      executor: new LocalPolicyExecutor(async () => ledger),
    },
    (jobs) => createSignatureChecker({ verifyBatch: nodeVerifyBatch }).check(jobs),
  );
  if (!audited.ok) throw new Error(JSON.stringify(audited.error));
  const { state } = audited.value;
  if (state.kind !== 'group' || state.value.policy === undefined) throw new Error('no policy is in force');

  const accounts = accountsOf(state.value.policy.state);
  const balances = [...accounts.values()].map(({ balance }) => balance);
  expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(0n);
  expect(accounts.get(toHex(founder.actor))?.balance).toBe(BigInt(-FUNDS * ACTORS));
  for (const [i, member] of members.entries()) {
    const account = accounts.get(toHex(member.actor));
    expect(account?.balance).toBeGreaterThanOrEqual(0n);
    // Each transfer that was answered counts once, and no other.
    expect(account?.transfers).toBe(counts[i]?.accepted);
  }
  const all = { accepted: 0, rejected: 0 };
  for (const { accepted, rejected } of counts) {
    all.accepted += accepted;
    all.rejected += rejected;
  }
  console.log(`policy-ledger: ${all.accepted} transfers accepted, ${all.rejected} rejected, ${KILLS} kills`);
  expect(all.accepted).toBeGreaterThan(TRANSFERS / 10);
  expect(all.rejected).toBeGreaterThan(TRANSFERS / 100);
});
