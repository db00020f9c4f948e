import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, inject, test } from 'vitest';
import {
  auditStateIntegrity,
  decodeTrusted,
  entryCodec,
  entryPage,
  eventTbs,
  findMember,
  fromBase64Url,
  identitySynced,
  mlsCommit,
  parseChainId,
  toBase64Url,
  type Event,
  type GroupState,
} from '../../core/index.ts';
import type { RelayEnvironment } from '../../durable-objects/index.ts';
import { LEASE_MS } from '../../relay/index.ts';
import { connect, memoryStorage, type Fetch, type Group, type Session } from '../../sdk/index.ts';
import { relayInIsolate } from '../model/relay.workerd.ts';

const BUDGET_MS = 60_000;
/** What a device may be told that is revoked, or about to be, while deliveries get lost. */
const EXPECTED: ReadonlySet<string> = new Set([
  'removed',
  'actor-removed',
  'device-revoked',
  'not-found',
  'unavailable',
  'commit-lost',
  'stale-parent',
  'epoch-closed',
  'commit-refused',
  'append-contended',
  'commit-contended',
  'append-refused',
  'rate-limited',
]);
const KINDS = ['public', 'public', 'opaque', 'plain'] as const;
const ACTS = ['is added elsewhere', 'reads', 'commits', 'sends', 'away'] as const;

const relay = relayInIsolate();
let ahead = 0;
let dice = 0;

/** For the relay and for everyone. */
function pass(ms: number): void {
  ahead += ms;
  relay.setClock!(ahead);
}

function roll(sides: number): number {
  dice = (Math.imul(dice, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((dice / 2 ** 32) * sides);
}

const isLikely = (percent: number): boolean => roll(100) < percent;
const pick = <T>(from: readonly T[]): T => from[roll(from.length)]!;
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20)));

/** What gets lost between the objects, in percent: an account's word that something is new, and its answer to who asks. */
const lost = { followAccount: 0, accountNews: 0 };

/** Calls between objects come by the class, so that is where they get lost. */
async function loseCalls(account: string): Promise<void> {
  const { CHAIN } = env as unknown as RelayEnvironment;
  await runInDurableObject(CHAIN.getByName(account), (target) => {
    const prototype = Object.getPrototypeOf(target) as Record<string, (...given: unknown[]) => Promise<unknown>>;
    for (const method of ['followAccount', 'accountNews'] as const) {
      const original = prototype[method]!;
      prototype[method] = function (this: unknown, ...given: unknown[]) {
        return isLikely(lost[method]) ? Promise.reject(new Error('lost')) : original.apply(this, given);
      };
    }
  });
}

interface Person {
  readonly session: Session;
  readonly actor: () => string;
  /** Something that happens once, just before the next commit leaves. */
  beforeCommit: (() => Promise<void>) | undefined;
}

async function person(): Promise<Person> {
  const { fetch, webSocket } = relay.wire;
  const line: Fetch = async (url, init) => {
    const happens = url.endsWith('/commits') ? one.beforeCommit : undefined;
    if (happens !== undefined) one.beforeCommit = undefined;
    await happens?.();
    return fetch(url, init);
  };
  const session = await connect({
    ...relay.platform,
    relay: relay.url,
    storage: memoryStorage(),
    fetch: line,
    webSocket,
    delay,
    rotateAfterMs: 'off',
  });
  const one: Person = { session, actor: () => session.identity!.actor, beforeCommit: undefined };
  return one;
}

async function founded(): Promise<Person> {
  const one = await person();
  await one.session.createIdentity();
  return one;
}

async function pair(old: Person, newcomer: Person): Promise<void> {
  let joined: Promise<unknown> = Promise.resolve();
  const code = await new Promise<string>((onOffer, reject) => {
    joined = newcomer.session.joinAccount({ name: 'phone', onOffer, onCheck: () => undefined });
    joined.catch(reject);
  });
  await (await old.session.account.pair(code)).accept();
  await joined;
}

async function runJobs(...chains: readonly string[]): Promise<void> {
  for (const name of chains) await relay.runJobs!({ kind: 'chain', name }).catch(() => undefined);
}

async function join({ session }: Person, id: string): Promise<Group> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const invitation = (await session.invitations()).find(({ group }) => group === id);
    if (invitation !== undefined) return invitation.accept();
    pass(1_000);
    await runJobs(id);
  }
  throw new Error('no invitation came');
}

/** Until it is so; time passes, and what is due is done. */
async function until(what: string, chains: readonly string[], isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    if (await isSo()) return;
    pass(attempt < 30 ? 5_000 : 300_000);
    await runJobs(...chains);
    await delay(5);
  }
  throw new Error(`it never came that ${what}`);
}

/** Codes of refusals are noted, and others end the test. */
async function attempt(act: () => Promise<unknown>, tally: Map<string, number>): Promise<void> {
  const outcome = await act().then(
    () => 'done',
    (error: unknown) => {
      const code = (error as { readonly code?: string }).code ?? String(error);
      if (!EXPECTED.has(code)) throw error;
      return code;
    },
  );
  tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
}

interface Scene {
  readonly alice: Person;
  readonly carol: Person;
  readonly desk: Person;
  readonly phone: Person;
  /** By their ids; the phone's are where it is in. */
  readonly groups: readonly SceneGroup[];
}

interface SceneGroup {
  readonly id: string;
  readonly kind: (typeof KINDS)[number];
  readonly alices: Group;
  readonly carols: Group;
  readonly desks: Group;
  readonly phones: Group | undefined;
}

/** Three groups that follow an account of a desk and a phone, of which the phone is in all but perhaps the last. */
async function setScene(isAddedElsewhere: boolean): Promise<Scene> {
  const [alice, carol, desk, phone] = [await founded(), await founded(), await founded(), await person()];
  await pair(desk, phone);
  const groups: SceneGroup[] = [];
  for (let i = 0; i < 3; i++) {
    const isIn = i < 2 || !isAddedElsewhere;
    const kind = isIn ? pick(KINDS) : 'public';
    const options =
      kind === 'plain' ? { membership: 'plain' as const } : { handshakes: kind, relayProposals: isLikely(50) };
    const alices = await alice.session.createGroup(options);
    const others = [carol, desk, ...(isIn ? [phone] : [])];
    await alices.invite(
      others.map(({ actor }) => actor()),
      isLikely(30) ? 'admin' : 'member',
    );
    const { id } = alices;
    const [carols, desks] = [await join(carol, id), await join(desk, id)];
    const phones = isIn ? await join(phone, id) : undefined;
    await (phones ?? desks).nameAccount(desk.session.account.id);
    groups.push({ id, kind, alices, carols, desks, phones });
  }
  const account = desk.session.account.id;
  const ids = [account, ...groups.map(({ id }) => id)];
  await until('the account knows its groups', ids, async () => (await desk.session.account.reach()).groups === 3);
  for (const { alices } of groups) await alices.catchUp();
  return { alice, carol, desk, phone, groups };
}

/** What the phone is at when it is revoked. Returns when it was, by the relay. */
async function revokeDuring(act: (typeof ACTS)[number], scene: Scene, tally: Map<string, number>): Promise<number> {
  const { desk, phone, alice, groups } = scene;
  const { account } = desk.session;
  let index = 0;
  const revoke = async (): Promise<void> => {
    ({ index } = await account.revoke(phone.actor(), { reason: 'lost' }));
  };
  const mine = groups.flatMap(({ phones, kind }) => (phones === undefined ? [] : [{ phones, kind }]));
  const encrypted = mine.filter(({ kind }) => kind !== 'plain');
  const stop = new AbortController();
  if (act === 'commits' && encrypted.length > 0) {
    phone.beforeCommit = revoke;
    await attempt(() => pick(encrypted).phones.rotate(), tally);
  } else if (act === 'sends') {
    await Promise.all([...mine.map(({ phones }) => attempt(() => phones.send('at the same time'), tally)), revoke()]);
  } else if (act === 'reads') {
    for (const { phones } of mine) {
      void (async () => {
        for await (const _ of phones.timeline({ live: true, signal: stop.signal })) continue;
      })().catch(() => undefined);
    }
    await revoke();
  } else if (act === 'is added elsewhere') {
    alice.beforeCommit = revoke;
    const { alices } = groups[2]!;
    const add = (): Promise<unknown> => alices.invite(phone.actor(), 'member', { partial: true });
    await add().catch(() => undefined);
  }
  phone.beforeCommit = alice.beforeCommit = undefined;
  if (index === 0) await revoke();
  stop.abort();
  return (await account.view()).relayTime;
}

/** Until more than a lease has passed: everyone goes on, deliveries get lost, objects die, and the phone tries everything. */
async function carryOn({ desk, phone, groups }: Scene, tally: Map<string, number>): Promise<void> {
  const account = desk.session.account.id;
  // An object that starts anew asks: whether a lease ends by itself shows where none does.
  const isCalm = lost.followAccount === 100;
  for (let passed = 0; passed < 2 * LEASE_MS;) {
    const step = 3_000 + roll(15_000);
    passed += step;
    pass(step);
    if (passed > LEASE_MS && isLikely(50)) lost.accountNews = 0;
    const { id, alices, phones } = pick(groups);
    if (!isCalm && isLikely(20)) await relay.evict!({ kind: 'chain', name: pick([id, account]) });
    if (!isCalm && isLikely(10)) await relay.kill({ kind: 'chain', name: pick([id, account]) });
    if (isLikely(60)) await runJobs(pick([id, account]));
    await attempt(() => alices.catchUp(), tally);
    await attempt(() => alices.send(`of alice, ${passed} later`), tally);
    if (phones !== undefined) {
      const acts = [() => phones.send('still here'), () => phones.catchUp(), () => phones.rotate()];
      await attempt(pick(acts), tally).catch((error: unknown) => {
        if ((error as { readonly code?: string }).code !== 'plain-group') throw error;
      });
    } else await attempt(() => alices.invite(phone.actor(), 'member', { partial: true }).catch(() => undefined), tally);
  }
}

interface Logged {
  readonly index: number;
  readonly relayTime: number;
  readonly event: Event;
}

/** The log as an auditor has it, and what it adds up to. */
async function auditOf({ session }: Person, id: string): Promise<{ entries: readonly Logged[]; state: GroupState }> {
  const bytes: Uint8Array[] = [];
  let checkpoint = '';
  for (;;) {
    const answer = await session.request('GET', `/v1/chains/${id}/entries?from=${bytes.length}&limit=256`);
    const page = decodeTrusted(entryPage, new Uint8Array(await answer.arrayBuffer()));
    checkpoint = page.checkpoint;
    if (page.entries.length === 0) break;
    bytes.push(...page.entries.map(({ entry }) => entry));
  }
  const chain = parseChainId(fromBase64Url(id))!;
  const report = await auditStateIntegrity({ chain, batches: [bytes], checkpoint: () => checkpoint }, relay.check);
  if (!report.ok || report.value.state.kind !== 'group') throw new Error(`the log of ${id} does not hold`);
  const entries = bytes.map((entry) => {
    const { index, relayTime, event } = decodeTrusted(entryCodec, entry);
    return { index, relayTime, event: decodeTrusted(eventTbs, event) };
  });
  return { entries, state: report.value.state.value };
}

async function textsOf(group: Group): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of group.messages())
    texts.push(message.kind === 'message' ? (message.text ?? '') : message.reason);
  return texts;
}

/** What must be so of one group at the end, whatever happened. */
async function judge(
  scene: Scene,
  { id, kind, alices, carols, desks, phones }: SceneGroup,
  revokedAt: number,
): Promise<void> {
  const { alice, phone } = scene;
  const key = fromBase64Url(phone.actor())!;
  const { entries, state } = await auditOf(alice, id);
  const self = findMember(state.roster, key);
  const told = entries.find(({ event, relayTime }) => event.type === identitySynced.type && relayTime >= revokedAt);
  expect(told, 'the log says that it was revoked').toBeDefined();
  for (const { index, relayTime, event } of entries) {
    if (toBase64Url(event.actor) !== phone.actor()) continue;
    expect(index, 'nothing of it after the import').toBeLessThan(told!.index);
    expect(relayTime - revokedAt, 'nothing of it after a lease').toBeLessThan(LEASE_MS);
  }
  expect(['none', undefined], 'it is out').toContain(self?.role);
  expect((await alices.members()).map(({ actor }) => actor)).not.toContain(phone.actor());
  if (kind !== 'plain' && self !== undefined) {
    const takenOut = entries.some(({ index, event }) => {
      const commit = event.type === mlsCommit.type ? mlsCommit.decodeBody(event.body) : undefined;
      return (
        commit?.ok === true &&
        index > told!.index &&
        commit.value.roster.removed.some((gone) => toBase64Url(gone) === phone.actor())
      );
    });
    expect(takenOut, 'a later commit took it out').toBe(true);
  }
  await alices.send('without it');
  for (const group of [carols, desks]) {
    await group.catchUp();
    expect((await textsOf(group)).at(-1)).toBe('without it');
    expect((await group.view()).epoch).toBe((await alices.view()).epoch);
  }
  if (phones === undefined) return;
  await phones.catchUp().catch(() => undefined);
  expect((await phones.view()).size, 'it reads no further than the import').toBeLessThanOrEqual(told!.index + 1);
  expect(await textsOf(phones)).not.toContain('without it');
  await expect(phones.send('once more')).rejects.toMatchObject({
    code: expect.stringMatching(/removed|unavailable|not-found/) as string,
  });
}

async function round(n: number): Promise<string> {
  const act = ACTS[n % ACTS.length]!;
  const tally = new Map<string, number>();
  const scene = await setScene(act === 'is added elsewhere');
  const { desk, phone, groups } = scene;
  const { account } = desk.session;
  for (const { alices } of groups) await alices.send('before');
  if (n === 0) await loseCalls(account.id);
  Object.assign(lost, { followAccount: pick([0, 50, 100]), accountNews: pick([0, 30, 80]) });
  const said = `${act}; lost ${lost.followAccount}/${lost.accountNews}; ${groups.map(({ kind }) => kind).join(' ')}`;
  const revokedAt = await revokeDuring(act, scene, tally);
  await carryOn(scene, tally);
  Object.assign(lost, { followAccount: 0, accountNews: 0 });
  const ids = [account.id, ...groups.map(({ id }) => id)];
  await until('all groups know', ids, async () => (await account.reach()).isComplete);
  for (const { alices, carols } of groups) {
    await until('it is taken out', [alices.id], async () => {
      for (const group of [alices, carols]) await group.catchUp();
      const [own] = (await alices.accounts()).map(({ devices }) =>
        devices.find(({ actor }) => actor === phone.actor()),
      );
      return own?.standing === 'revoked';
    });
  }
  for (const group of groups) await judge(scene, group, revokedAt);
  await expect(phone.session.inbox()).rejects.toMatchObject({ code: 'device-revoked' });
  for (const { session } of [scene.alice, scene.carol, desk, phone]) session.close();
  return `${said}; ${[...tally].map(([code, count]) => `${code} ${count}`).join(', ')}`;
}

test('[NA6, NA7, NA11, NA13, NA15, NA17] a device that is revoked while away, at work or being added never reads or writes again, and groups go on by other keys', async () => {
  const seed = Number(inject('model').seed ?? Date.now() % 0x7fff_ffff);
  console.info(`MODEL_SEED=${seed} plays this again`);
  dice = seed >>> 0;
  const startedAt = performance.now();
  let rounds = 0;
  while (rounds < ACTS.length || performance.now() - startedAt < BUDGET_MS)
    console.info(`${rounds}: ${await round(rounds++)}`);
  expect(rounds).toBeGreaterThanOrEqual(ACTS.length);
});
