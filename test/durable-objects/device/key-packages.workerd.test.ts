import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  claimOutcomes,
  DAY_MS,
  decodeTrusted,
  encode,
  HOUR_MS,
  keyPackageClaims,
  keyPackagePublication,
  MAX_CLAIM_DEVICES,
  MAX_KEY_PACKAGES,
  publicKeyOf,
  signEd25519,
  toBase64Url,
  type ClaimOutcome,
} from '../../../core/index.ts';
import { DEFAULT_SUITE, parseKeyPackage } from '../../../core/mls/index.ts';
import { claimTokenSeed, issueClaimToken, type Answer } from '../../../relay/index.ts';
import { MAX_CLAIM_COUNTS } from '../../../relay/limits/claim-counts.ts';
import { newKeyPackage } from '../../../sdk/mls/index.ts';
import { oddKeyPackage, type Oddities } from '../../sdk/mls/malice.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { callerOf, T0, TestChain, valueOf } from '../chain/test-chain.ts';
import { claimedOf, codeOf, mlsIdentityOf, TestDevice } from './test-device.ts';

/** Largest publication: 100 KeyPackages, each read with up to 16 KiB, and their length prefixes. */
const MAX_BODY_BYTES = 1 + 4 + MAX_KEY_PACKAGES * (4 + 16_384);

const alice = new TestActor('alice');
const bob = new TestActor('bob');
const mallory = new TestActor('mallory');

const UNBOUND = {
  kind: 'group',
  value: { membership: 'plain', handshakes: 'public', credentials: 'unbound', authenticatedData: 'optional' },
} as const;

let device: TestDevice;
/** A group of alice's, where she may invite and bob may not. */
let chain: TestChain;

beforeAll(async () => {
  chain = await TestChain.found(alice);
  await chain.add(bob);
});

beforeEach(async () => {
  device = await TestDevice.of();
});

function refOf(message: Uint8Array): string {
  const parsed = parseKeyPackage(message, { nowMs: T0 });
  if (!parsed.ok) throw new Error(parsed.error.code);
  return toBase64Url(parsed.value.ref);
}

async function claimRef(): Promise<string> {
  return toBase64Url(claimedOf(await device.claim(alice, chain.id)).ref);
}

describe('publishing', () => {
  it('[KP1] [KP3] adds to the pool of the device that signs, and tells the stock', async () => {
    const [first, second] = await device.keyPackages(2);
    expect(await device.stock()).toEqual({ available: 0, lastResort: 0 });
    valueOf(await device.publish(first!, second!));
    expect(await device.stock()).toEqual({ available: 2, lastResort: 0 });
    valueOf(await device.publish(...(await device.keyPackages(1, { lastResort: true }))));
    expect(await device.stock()).toEqual({ available: 2, lastResort: 1 });
  });

  it('[KP1] [KP9] refuses another actor and leaves nothing behind', async () => {
    const body = encode(keyPackagePublication, { mode: 'add', keyPackages: await device.keyPackages(1) });
    const { object, owner } = device;
    expect(codeOf(await object.publish(callerOf(mallory), owner.key, body))).toBe('not-permitted');
    expect(codeOf(await object.stock(callerOf(mallory), owner.key))).toBe('not-permitted');
    expect(await device.tables()).toEqual([]);
  });

  it('[KP3] takes a ref once, so that a retry changes nothing', async () => {
    const messages = await device.keyPackages(3);
    const [repeated] = messages;
    const once = await device.publish(...messages);
    expect(await device.publish(...messages)).toEqual(once);
    expect(await device.publish(repeated!, repeated!)).toEqual(once);
    expect(await device.stock()).toEqual({ available: 3, lastResort: 0 });
  });

  it('[KP3] holds 100 besides the last resort, and refuses whole what would make more', async () => {
    const messages = await device.keyPackages(MAX_KEY_PACKAGES - 1);
    valueOf(await device.publish(...messages));
    const [fits, spare] = await device.keyPackages(2);
    expect(await device.publish(fits!, spare!)).toMatchObject({
      error: { code: 'key-package-pool-full', available: 99, limit: 100 },
    });
    expect((await device.stock()).available).toBe(99);
    valueOf(await device.publish(fits!, fits!, ...messages.slice(0, 50)));
    expect(codeOf(await device.publish(spare!))).toBe('key-package-pool-full');
    valueOf(await device.publish(...(await device.keyPackages(1, { lastResort: true }))));
    expect(await device.stock()).toEqual({ available: 100, lastResort: 1 });
    await claimRef();
    valueOf(await device.publish(spare!));
  });

  it('[KP11] replaces all that was there, for good, and changes nothing when that is repeated', async () => {
    const old = await device.keyPackages(MAX_KEY_PACKAGES);
    valueOf(await device.publish(...old));
    valueOf(await device.publish(...(await device.keyPackages(1, { lastResort: true }))));
    const fresh = await device.keyPackages(2);
    const once = await device.replace(...fresh);
    expect(await device.stock()).toEqual({ available: 2, lastResort: 0 });
    expect(await device.replace(...fresh)).toEqual(once);
    valueOf(await device.publish(...old.slice(0, 3)));
    expect(await device.stock()).toEqual({ available: 2, lastResort: 0 });
    valueOf(await device.replace());
    expect(await device.stock()).toEqual({ available: 0, lastResort: 0 });
  });

  it('[RQ5] takes a signed request once', async () => {
    const caller = callerOf(device.owner);
    const body = encode(keyPackagePublication, { mode: 'add', keyPackages: [] });
    expect((await device.object.publish(caller, device.owner.key, body)).ok).toBe(true);
    expect(codeOf(await device.object.publish(caller, device.owner.key, body))).toBe('nonce-replayed');
    expect(codeOf(await device.object.stock(caller, device.owner.key))).toBe('nonce-replayed');
  });
});

describe('a publication is refused whole', () => {
  const NOW_S = BigInt(T0 / 1000);
  const inForce = { notBefore: NOW_S - 60n, notAfter: NOW_S + 3600n };

  /** Publishes a good KeyPackage and then the bad one. */
  async function reasonFor(bad: Uint8Array): Promise<string> {
    const [good] = await device.keyPackages(1);
    const answer = await device.publish(good!, bad);
    expect(answer).toMatchObject({ ok: false, error: { code: 'invalid-key-package', index: 1 } });
    expect(await device.stock()).toEqual({ available: 0, lastResort: 0 });
    return answer.ok ? 'ok' : String(answer.error['reason']);
  }

  it.each<[string, Oddities]>([
    ['credential-unbound', { identity: new Uint8Array(95) }],
    ['leaf-keys', { initKey: new Uint8Array(32).fill(1) }],
    ['leaf-capabilities', { capabilities: { credentials: ['x509'] } }],
    ['key-package-lifetime', { lifetime: { notBefore: NOW_S, notAfter: NOW_S + 93n * 86_400n } }],
    ['key-package-expired', { lifetime: { notBefore: NOW_S - 60n, notAfter: NOW_S } }],
    ['key-package-expired', { lifetime: { notBefore: NOW_S + 1n, notAfter: NOW_S + 60n } }],
  ])('[KP2] for %s', async (reason, oddities) => {
    expect(await reasonFor(await oddKeyPackage(device.identity, { lifetime: inForce, ...oddities }))).toBe(reason);
  });

  it.each<[string, (message: Uint8Array) => Uint8Array]>([
    ['mls-malformed', (message) => message.subarray(0, -1)],
    ['mls-not-canonical', (message) => Uint8Array.of(...message, 0)],
    ['mls-version', (message) => Uint8Array.of(0, 2, ...message.subarray(2))],
    ['mls-wire-format', (message) => Uint8Array.of(0, 1, 0, 3, ...message.subarray(4))],
    ['mls-suite', (message) => Uint8Array.of(...message.subarray(0, 6), 0, 4, ...message.subarray(8))],
    ['mls-too-large', () => new Uint8Array(8_193)],
  ])('[KP2] for %s', async (reason, alter) => {
    const [message] = await device.keyPackages(1);
    expect(await reasonFor(alter(message!))).toBe(reason);
  });

  it('[KP2] for another actor’s KeyPackage', async () => {
    const { message } = await newKeyPackage(await mlsIdentityOf(mallory), { nowMs: T0 });
    expect(await reasonFor(message)).toBe('other-actor');
  });

  it('[KP2] for a binding that the device’s actor did not sign', async () => {
    const { message } = await newKeyPackage(await mlsIdentityOf(device.owner, mallory), { nowMs: T0 });
    expect(await reasonFor(message)).toBe('key-package-signature');
  });

  it('[KP2] for a signature of the leaf or of the KeyPackage that does not verify', async () => {
    const [message] = await device.keyPackages(1);
    const parsed = parseKeyPackage(message!, { nowMs: T0 });
    if (!parsed.ok) throw new Error(parsed.error.code);
    for (const signature of [parsed.value.leaf.signature, parsed.value.signature.signature]) {
      const start = indexOf(message!, signature);
      const forged = message!.slice();
      forged[start] = (forged[start] as number) ^ 1;
      expect(await reasonFor(forged)).toBe('key-package-signature');
    }
  });

  it('[KP2] for a body that is too large or no publication', async () => {
    const { object, owner } = device;
    const codes = [];
    for (const body of [new Uint8Array(MAX_BODY_BYTES + 1), new Uint8Array(MAX_BODY_BYTES), Uint8Array.of(1, 2)]) {
      codes.push(codeOf(await object.publish(callerOf(owner), owner.key, body)));
    }
    expect(codes).toEqual(['body-too-large', 'malformed', 'malformed']);
  });

  function indexOf(bytes: Uint8Array, part: Uint8Array): number {
    const start = bytes.findIndex((_, at) => part.every((byte, i) => bytes[at + i] === byte));
    if (start < 0) throw new Error('not in there');
    return start;
  }
});

describe('claiming', () => {
  it('[KP4] takes an actor who may invite in the chain that it names, and no other', async () => {
    valueOf(await device.publish(...(await device.keyPackages(1))));
    expect(codeOf(await device.claim(mallory, chain.id))).toBe('not-permitted');
    expect(codeOf(await device.claim(bob, chain.id))).toBe('not-permitted');
    expect(codeOf(await device.claim(alice, bytesFor('no chain', 1, 32)))).toBe('not-permitted');
    expect(codeOf(await device.claim(device.owner, chain.id))).toBe('not-permitted');
    expect((await device.stock()).available).toBe(1);
    expect(codeOf(await device.claim(alice, chain.id))).toBe('ok');
  });

  it('[KP4] [KP9] tells a stranger the same of every device, and keeps nothing of the request', async () => {
    const unknown = await TestDevice.of();
    valueOf(await device.publish(...(await device.keyPackages(1))));
    const nonces = await device.countRows('nonces');
    expect(await device.claim(mallory, chain.id)).toEqual(await unknown.claim(mallory, chain.id));
    expect(await device.countRows('nonces')).toBe(nonces);
    expect(codeOf(await unknown.claim(alice, chain.id))).toBe('key-packages-exhausted');
    expect(await unknown.tables()).toEqual([]);
  });

  it('[KP5] hands out what its device published, the first to lapse first, each once', async () => {
    const [late] = await device.keyPackages(1, { nowMs: T0 + HOUR_MS / 2 });
    const [early] = await device.keyPackages(1);
    valueOf(await device.publish(late!, early!));
    const claimed = claimedOf(await device.claim(alice, chain.id));
    expect(claimed.keyPackage).toEqual(early);
    expect(toBase64Url(claimed.ref)).toBe(refOf(early!));
    expect(await claimRef()).toBe(refOf(late!));
    expect(codeOf(await device.claim(alice, chain.id))).toBe('key-packages-exhausted');
  });

  it('[KP5] hands out each of 100 once when 110 claims arrive together', async () => {
    const messages = await device.keyPackages(MAX_KEY_PACKAGES);
    valueOf(await device.publish(...messages));
    const inviters = Array.from({ length: 11 }, (_, i) => new TestActor(`inviter ${i}`));
    const chains = await Promise.all(inviters.map((inviter) => TestChain.found(inviter)));
    const claims = chains.flatMap(({ id, founder }) => Array.from({ length: 10 }, () => device.claim(founder, id)));
    const answers = await Promise.all(claims);
    const refs = answers.filter(({ ok }) => ok).map((answer) => toBase64Url(claimedOf(answer).ref));
    expect(refs).toHaveLength(100);
    expect(new Set(refs)).toEqual(new Set(messages.map(refOf)));
    expect(answers.filter(({ ok }) => !ok).map(codeOf)).toEqual(Array(10).fill('key-packages-exhausted'));
  });

  it('[KP5] never hands out again what was claimed before a restart, not even when it is published again', async () => {
    const messages = await device.keyPackages(3);
    valueOf(await device.publish(...messages));
    const before = [await claimRef(), await claimRef()];
    await evictDurableObject(device.stub);
    await device.setClock(T0);
    valueOf(await device.publish(...messages));
    expect(await device.stock()).toEqual({ available: 1, lastResort: 0 });
    expect(new Set([...before, await claimRef()])).toEqual(new Set(messages.map(refOf)));
    expect(codeOf(await device.claim(alice, chain.id))).toBe('key-packages-exhausted');
  });

  it('[KP5] [ML7] hands a group of unbound credentials such KeyPackages alone, and other groups none of them', async () => {
    const { actor, identity } = { actor: device.owner, identity: device.identity };
    const own = { ...identity, signatureSeed: actor.seed, signatureKey: actor.key };
    const now = BigInt(Math.floor(T0 / 1000));
    const lifetime = { notBefore: now - 60n, notAfter: now + 3_600n };
    const unbound = await oddKeyPackage(own, { identity: bytesFor('a credential of its own', 0, 20), lifetime });
    const [bound] = await device.keyPackages(1);
    valueOf(await device.publish(unbound, bound!));
    const foreign = await TestChain.found(alice, { parameters: UNBOUND });
    expect(claimedOf(await device.claim(alice, foreign.id)).keyPackage).toEqual(unbound);
    expect(codeOf(await device.claim(alice, foreign.id))).toBe('key-packages-exhausted');
    expect(claimedOf(await device.claim(alice, chain.id)).keyPackage).toEqual(bound);
  });

  it('[KP10] gives the claim’s token, signed by the relay’s key for it', async () => {
    const [message] = await device.keyPackages(1);
    valueOf(await device.publish(message!));
    const { ref, token } = claimedOf(await device.claim(alice, chain.id));
    const seed = claimTokenSeed(new Uint8Array(32));
    const key = { publicKey: publicKeyOf(seed), sign: (bytes: Uint8Array) => signEd25519(seed, bytes) };
    const notAfter = T0 + 30 * DAY_MS;
    expect(token).toEqual(
      issueClaimToken({ actor: device.owner.key, chain: chain.id, keyPackageRef: ref, notAfter }, key, T0),
    );
    expect(token.expiresAt).toBe(T0 + DAY_MS);
  });

  it('[RQ5] takes a signed claim once', async () => {
    valueOf(await device.publish(...(await device.keyPackages(2))));
    const caller = callerOf(alice);
    expect((await chain.object.claimOne(caller, device.owner.key, 1)).ok).toBe(true);
    expect(codeOf(await chain.object.claimOne(caller, device.owner.key, 1))).toBe('nonce-replayed');
    expect((await device.stock()).available).toBe(1);
  });

  it('[KP6] falls back to the last resort, which is flagged and stays', async () => {
    const [ordinary] = await device.keyPackages(1);
    const [lastResort] = await device.keyPackages(1, { lastResort: true });
    valueOf(await device.publish(lastResort!, ordinary!));
    expect(await claimRef()).toBe(refOf(ordinary!));
    const again = [await device.claim(alice, chain.id), await device.claim(alice, chain.id)].map(claimedOf);
    expect(again.map(({ keyPackage }) => keyPackage)).toEqual([lastResort, lastResort]);
    expect(parseKeyPackage(again[0]!.keyPackage, { nowMs: T0 })).toMatchObject({ value: { lastResort: true } });
    expect(await device.stock()).toEqual({ available: 0, lastResort: 1 });
  });

  it('[KP6] keeps one last resort, the one that was published last, whichever lapses first', async () => {
    const lastResort = async (nowMs: number) => (await device.keyPackages(1, { lastResort: true, nowMs }))[0]!;
    const inOrder = [T0, T0 + HOUR_MS / 2, T0 + HOUR_MS / 4].map(lastResort);
    for (const message of await Promise.all(inOrder)) {
      valueOf(await device.publish(message));
      expect(await device.stock()).toEqual({ available: 0, lastResort: 1 });
      expect(await claimRef()).toBe(refOf(message));
    }
    valueOf(await device.publish(await inOrder[0]!));
    expect(await claimRef()).toBe(refOf(await inOrder[2]!));
  });

  it('[KP7] hands out a KeyPackage until it lapses and not at that moment, and forgets it then', async () => {
    const [first, second] = await device.keyPackages(2);
    valueOf(await device.publish(first!, second!));
    const lapse = T0 + 30 * DAY_MS;
    await device.setClock(lapse - 1);
    await claimRef();
    await device.setClock(lapse);
    expect(await device.stock()).toEqual({ available: 0, lastResort: 0 });
    expect(codeOf(await device.claim(alice, chain.id))).toBe('key-packages-exhausted');
    await device.untilRows('key_packages', 0);
  });

  it('[KP8] serves each chain 10 times an hour, and says when the next may come', async () => {
    const other = await TestChain.found(alice);
    valueOf(await device.publish(...(await device.keyPackages(1, { lastResort: true }))));
    for (let i = 0; i < 10; i++) await claimRef();
    await device.setClock(T0 + 600_000);
    const refused = { ok: false, error: { code: 'rate-limited', retryAfterMs: HOUR_MS - 600_000 } };
    expect(await device.claim(alice, chain.id)).toEqual(refused);
    expect(codeOf(await device.claim(alice, other.id))).toBe('ok');
    await evictDurableObject(device.stub);
    await device.setClock(T0 + HOUR_MS - 1);
    expect(codeOf(await device.claim(alice, chain.id))).toBe('rate-limited');
    await device.setClock(T0 + HOUR_MS);
    await claimRef();
    await device.setClock(T0 + 3 * HOUR_MS);
    await device.untilRows('claim_counts', 0);
  });

  it('[KP8] serves each actor 20 times an hour, whatever chains it founds, and writes nothing for what it refuses', async () => {
    const owned = [chain, await TestChain.found(alice), await TestChain.found(alice)];
    valueOf(await device.publish(...(await device.keyPackages(1, { lastResort: true }))));
    for (let i = 0; i < 20; i++) valueOf(await device.claim(alice, owned[i % 3]!.id));
    const rows = async () => [await device.countRows('nonces'), await device.countRows('claim_counts')];
    const before = await rows();
    const refused = { ok: false, error: { code: 'rate-limited', retryAfterMs: HOUR_MS } };
    for (const { id } of owned) expect(await device.claim(alice, id)).toEqual(refused);
    expect(await rows()).toEqual(before);
    expect(codeOf(await device.claim(bob, (await TestChain.found(bob)).id))).toBe('ok');
  });

  it('[KP8] keeps a bounded number of counts, and lets who is counted already go on', async () => {
    const other = await TestChain.found(alice);
    valueOf(await device.publish(...(await device.keyPackages(1, { lastResort: true }))));
    await claimRef();
    await runInDurableObject(device.stub, (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO claim_counts SELECT 'chain', CAST(i AS BLOB), 1, ? FROM n`,
        MAX_CLAIM_COUNTS - 2,
        T0 + 1_000,
      );
    });
    expect(await device.claim(alice, other.id)).toEqual({
      ok: false,
      error: { code: 'rate-limited', retryAfterMs: 1_000 },
    });
    await claimRef();
  });

  it('[KP8] counts only what was handed out', async () => {
    valueOf(await device.publish());
    for (let i = 0; i < 12; i++) {
      expect(codeOf(await device.claim(alice, chain.id))).toBe('key-packages-exhausted');
    }
    valueOf(await device.publish(...(await device.keyPackages(1))));
    await claimRef();
  });
});

describe('claiming for several devices at once', () => {
  function answerFor(claimer: TestActor, ...devices: readonly TestDevice[]): Promise<Answer> {
    const keys = devices.map(({ owner }) => owner.key);
    return chain.object.claim(
      callerOf(claimer),
      encode(keyPackageClaims, { ciphersuite: DEFAULT_SUITE.id, devices: keys }),
    );
  }

  async function outcomesFor(...devices: readonly TestDevice[]): Promise<readonly ClaimOutcome[]> {
    return decodeTrusted(claimOutcomes, valueOf(await answerFor(alice, ...devices))).outcomes;
  }

  const kindsOf = (outcomes: readonly ClaimOutcome[]) => outcomes.map(({ kind }) => kind);

  it('[KP12] gives each device’s own, in order, once, with the token of the claim', async () => {
    const other = await TestDevice.of();
    const [mine, spare] = await device.keyPackages(2);
    const [theirs] = await other.keyPackages(1);
    valueOf(await device.publish(mine!, spare!));
    valueOf(await other.publish(theirs!));
    const outcomes = await outcomesFor(other, device);
    const given = outcomes.flatMap((outcome) => (outcome.kind === 'claimed' ? [outcome.value] : []));
    expect(given.map(({ ref }) => toBase64Url(ref))).toEqual([refOf(theirs!), expect.any(String)]);
    expect([refOf(mine!), refOf(spare!)]).toContain(toBase64Url(given[1]!.ref));
    for (const { ref, token } of given) expect(token).toMatchObject({ chain: chain.id, keyPackageRef: ref });
    expect(kindsOf(await outcomesFor(other, device))).toEqual(['exhausted', 'claimed']);
  });

  it('[KP12] [KP4] takes an actor who may invite in the chain, and keeps nothing of anybody else’s request', async () => {
    valueOf(await device.publish(...(await device.keyPackages(1))));
    expect(codeOf(await answerFor(mallory, device))).toBe('not-permitted');
    expect(codeOf(await answerFor(bob, device))).toBe('not-permitted');
    expect((await device.stock()).available).toBe(1);
    expect(kindsOf(await outcomesFor(device))).toEqual(['claimed']);
  });

  it('[KP12] [KP9] tells what is used up, what has lapsed and what was too often asked apart, and opens no device', async () => {
    const [unknown, away, wanted] = [await TestDevice.of(), await TestDevice.of(), await TestDevice.of()];
    const lapse = T0 + 30 * DAY_MS;
    valueOf(await away.publish(...(await away.keyPackages(2))));
    expect(kindsOf(await outcomesFor(away))).toEqual(['claimed']);
    await away.setClock(lapse);
    expect(kindsOf(await outcomesFor(away, unknown))).toEqual(['expired', 'exhausted']);
    await away.untilRows('key_packages', 0);
    expect(kindsOf(await outcomesFor(away))).toEqual(['expired']);
    await evictDurableObject(away.stub);
    await away.setClock(lapse);
    expect(kindsOf(await outcomesFor(away))).toEqual(['expired']);
    valueOf(await away.publish(...(await away.keyPackages(1, { nowMs: lapse }))));
    expect(kindsOf(await outcomesFor(away, away))).toEqual(['claimed', 'exhausted']);
    valueOf(await wanted.publish(...(await wanted.keyPackages(1, { lastResort: true }))));
    const often = await outcomesFor(...Array<TestDevice>(11).fill(wanted));
    expect(kindsOf(often)).toEqual([...Array<string>(10).fill('claimed'), 'limited']);
    expect(often[10]).toEqual({ kind: 'limited', value: { retryAfterMs: HOUR_MS } });
    expect(await unknown.tables()).toEqual([]);
  });

  it('[KP12] [RQ5] takes a signed claim once, and a body that is none never', async () => {
    valueOf(await device.publish(...(await device.keyPackages(2))));
    const caller = callerOf(alice);
    const body = encode(keyPackageClaims, { ciphersuite: DEFAULT_SUITE.id, devices: [device.owner.key] });
    expect((await chain.object.claim(caller, body)).ok).toBe(true);
    expect(codeOf(await chain.object.claim(caller, body))).toBe('nonce-replayed');
    expect(codeOf(await chain.object.claim(callerOf(alice), body.subarray(1)))).toBe('malformed');
    expect((await device.stock()).available).toBe(1);
  });

  it('[KP12] asks a hundred devices, each of which answers for itself', async () => {
    const devices = Array.from({ length: MAX_CLAIM_DEVICES }, () => device);
    valueOf(await device.publish(...(await device.keyPackages(3))));
    const kinds = kindsOf(await outcomesFor(...devices));
    expect(kinds).toHaveLength(MAX_CLAIM_DEVICES);
    expect(kinds.filter((kind) => kind === 'claimed')).toHaveLength(3);
  });
});
