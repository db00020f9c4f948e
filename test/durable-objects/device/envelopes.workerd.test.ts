import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encode, HOUR_MS, MAX_ENVELOPE_BYTES, MAX_ENVELOPE_POST_BYTES, tokenRevocation } from '../../../core/index.ts';
import { MAIL_LIFETIME_MS, MAX_TOKEN_LIFETIME_MS } from '../../../relay/index.ts';
import { MAX_REMEMBERED_TOKENS, SHARED_ROOM, TOKEN_ROOM } from '../../../relay/envelopes.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { callerOf, T0, TestChain, valueOf } from '../chain/test-chain.ts';
import { codeOf, itemsOf, TestDevice, welcomeFor } from './test-device.ts';

const NO_CHAIN = new Uint8Array(32);

const alice = new TestActor('alice');
const bob = new TestActor('bob');
const mallory = new TestActor('mallory');
const owner = new TestActor('owner of envelopes');

/** A group of alice's with bob and the owner of `shared`. */
let chain: TestChain;
let shared: TestDevice;
let device: TestDevice;
let nextEnvelope = 0;

beforeAll(async () => {
  chain = await TestChain.found(alice);
  await chain.add(bob);
  await chain.add(owner);
  shared = await TestDevice.of(owner);
  await shared.stock();
});

beforeEach(async () => {
  device = await TestDevice.opened();
});

function envelope(bytes = 100): Uint8Array {
  return bytesFor('envelope', nextEnvelope++, bytes);
}

function postByToken(over: Parameters<TestDevice['token']>[0] = {}, sealed = envelope(), sender = mallory) {
  return device.postByToken(sender, device.token(over), sealed);
}

describe('an envelope', () => {
  it('[SE2] [SE6] comes from who shares a chain with its owner, and from nobody else', async () => {
    const sealed = envelope();
    valueOf(await shared.postByChain(alice, chain.id, sealed));
    expect((await shared.items()).at(-1)).toMatchObject({
      kind: 'envelope',
      chain: chain.id,
      index: 0,
      receivedAt: T0,
      content: sealed,
    });
    const others = await TestChain.found(mallory);
    const refused = [
      await shared.postByChain(mallory, chain.id, envelope()),
      await shared.postByChain(mallory, others.id, envelope()),
      await shared.postByChain(alice, bytesFor('no chain', 0, 32), envelope()),
      await device.postByChain(alice, chain.id, envelope()),
    ];
    expect(refused.map(codeOf)).toEqual(Array(4).fill('not-permitted'));
    await chain.remove(bob);
    expect(codeOf(await shared.postByChain(bob, chain.id, envelope()))).toBe('not-permitted');
    await chain.add(bob);
  });

  it('[SE1] [KP9] finds no mailbox where none was ever opened, and leaves none behind', async () => {
    const absent = await TestDevice.of();
    await chain.add(absent.owner);
    expect(codeOf(await absent.postByChain(alice, chain.id, envelope()))).toBe('not-found');
    expect(codeOf(await absent.postByToken(alice, absent.token(), envelope()))).toBe('not-found');
    expect(codeOf(await absent.postByChain(mallory, chain.id, envelope()))).toBe('not-permitted');
    expect(await absent.tables()).toEqual([]);
  });

  it('[SE1] has 64 KiB at most, in one encoding', async () => {
    valueOf(await postByToken({}, envelope(MAX_ENVELOPE_BYTES)));
    const post = (body: Uint8Array) => device.object.post(callerOf(mallory), device.owner.key, body);
    const codes = [];
    for (const body of [new Uint8Array(MAX_ENVELOPE_POST_BYTES + 1), Uint8Array.of(3), new Uint8Array(40)]) {
      codes.push(codeOf(await post(body)));
    }
    expect(codes).toEqual(['body-too-large', 'malformed', 'malformed']);
    expect((await device.items()).length).toBe(1);
  });

  it('[SE6] comes once, also after it was read, and reaches live readers', async () => {
    const peer = await device.subscribe();
    const sealed = envelope();
    valueOf(await postByToken({ uses: 2 }, sealed));
    await peer.until(({ kind }) => kind === 'items');
    expect(itemsOf(peer)).toMatchObject([{ kind: 'envelope', chain: NO_CHAIN, index: 1, content: sealed }]);
    valueOf(await device.ack(1));
    await evictDurableObject(device.stub);
    await device.setClock(T0);
    valueOf(await postByToken({ uses: 2 }, sealed));
    expect(await device.items()).toEqual([]);
    valueOf(await postByToken({ uses: 2 }));
    expect((await device.items()).length).toBe(1);
    peer.close();
  });

  it('[RQ5] takes a signed post once, and expires like all mail', async () => {
    const caller = callerOf(mallory);
    const body = new Uint8Array(0);
    expect(codeOf(await device.object.post(caller, device.owner.key, body))).toBe('malformed');
    valueOf(await postByToken({ uses: 9 }));
    await device.setClock(T0 + MAIL_LIFETIME_MS);
    expect(await device.items()).toEqual([]);
    await device.untilRows('mailbox', 0);
  });
});

describe('room for envelopes', () => {
  it('[SE4] [SE5] is shared out among posters and chains, and full for one leaves the others theirs', async () => {
    const groups = await Promise.all(Array.from({ length: 4 }, () => TestChain.found(alice)));
    const posters = Array.from({ length: 4 }, (_, i) => new TestActor(`poster ${i}`));
    for (const group of groups) {
      await group.add(device.owner);
      for (const poster of posters) await group.add(poster);
    }
    const [first, second] = groups as [TestChain, TestChain];
    const { all, chain: ofChain, sender: ofSender } = SHARED_ROOM;
    const fill = (sender: TestActor, { id }: TestChain, count: number) =>
      runInDurableObject(device.stub, (_, { storage }) => {
        storage.sql.exec(
          `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
           INSERT INTO mailbox (kind, chain, idx, bytes, digest, sender, created_at, expires_at)
           SELECT 'envelope', ?, 0, x'00', randomblob(32), ?, ?, ? FROM n`,
          count,
          id,
          sender.key,
          T0,
          T0 + MAIL_LIFETIME_MS,
        );
      });
    const codeFor = async (sender: TestActor, { id }: TestChain) =>
      codeOf(await device.postByChain(sender, id, envelope()));

    await fill(posters[0]!, first, ofSender - 1);
    expect(await codeFor(posters[0]!, first)).toBe('ok');
    expect([await codeFor(posters[0]!, first), await codeFor(posters[0]!, second)]).toEqual([
      'mailbox-full',
      'mailbox-full',
    ]);
    for (const poster of posters.slice(1, 3)) await fill(poster, first, ofSender);
    await fill(posters[3]!, first, ofChain - 3 * ofSender - 1);
    expect(await codeFor(alice, first)).toBe('ok');
    expect([await codeFor(alice, first), await codeFor(alice, second)]).toEqual(['mailbox-full', 'ok']);

    await fill(bob, second, all - ofChain - 1);
    const rows = async () => [await device.countRows('mailbox'), await device.countRows('nonces')];
    const before = await rows();
    expect(await codeFor(alice, groups[2]!)).toBe('mailbox-full');
    expect(await rows()).toEqual(before);
    const kinds = (await device.items(all)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'overflow').length).toBeLessThanOrEqual(1);
    expect(await postByToken().then(codeOf)).toBe('ok');
    expect(await device.deliver(welcomeFor(1))).toEqual(['stored']);
  });

  it('[SE4] of tokens is its own, and free again as the owner acknowledges', async () => {
    await runInDurableObject(device.stub, (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO mailbox (kind, chain, idx, bytes, digest, sender, created_at, expires_at)
         SELECT 'envelope', zeroblob(32), i, x'00', randomblob(32), zeroblob(32), ?, ? FROM n`,
        TOKEN_ROOM,
        T0,
        T0 + MAIL_LIFETIME_MS,
      );
    });
    expect(await postByToken().then(codeOf)).toBe('mailbox-full');
    expect((await device.items(TOKEN_ROOM + 1)).map(({ kind }) => kind)).toEqual(['overflow']);
    valueOf(await device.ack(1));
    expect(await postByToken().then(codeOf)).toBe('ok');
  });
});

describe('a token', () => {
  it.each<[string, Parameters<TestDevice['token']>[0], string]>([
    ['of another owner', { owner: bytesFor('other', 0, 32) }, 'owner'],
    ['of another bearer', { bearer: bytesFor('other', 0, 32) }, 'bearer'],
    ['of too long a life', { expiresAt: T0 + MAX_TOKEN_LIFETIME_MS + 1 }, 'lifetime'],
    ['without the owner’s signature', { signature: new Uint8Array(64) }, 'signature'],
  ])('[SE3] %s is refused', async (_, over, reason) => {
    expect(await postByToken(over)).toEqual({ ok: false, error: { code: 'token-invalid', reason } });
    expect(await device.items()).toEqual([]);
  });

  it('[SE3] is refused when another signed it, or when it says another thing than was signed', async () => {
    const forged = device.token({}, mallory);
    const widened = { ...device.token(), uses: 2 };
    for (const token of [forged, widened]) {
      expect(codeOf(await device.postByToken(mallory, token, envelope()))).toBe('token-invalid');
    }
  });

  it('[SE3] is good until it expires and not at that moment, for its bearer where it names one', async () => {
    const longest = { expiresAt: T0 + MAX_TOKEN_LIFETIME_MS, serial: 7, bearer: mallory.key };
    expect(await postByToken(longest).then(codeOf)).toBe('ok');
    expect(await postByToken(longest, envelope(), bob).then(codeOf)).toBe('token-invalid');
    await device.setClock(T0 + HOUR_MS - 1);
    expect(await postByToken().then(codeOf)).toBe('ok');
    await device.setClock(T0 + HOUR_MS);
    expect(await postByToken()).toEqual({ ok: false, error: { code: 'token-expired', expiredAt: T0 + HOUR_MS } });
  });

  it('[SE7] lets in as many as it may, those alone that were taken counted', async () => {
    const sealed = envelope();
    const token = { uses: 2 };
    for (let i = 0; i < 3; i++) valueOf(await postByToken(token, sealed));
    valueOf(await postByToken(token));
    expect(await postByToken(token)).toEqual({ ok: false, error: { code: 'token-spent', uses: 2 } });
    valueOf(await postByToken(token, sealed));
    await evictDurableObject(device.stub);
    await device.setClock(T0);
    expect(await postByToken(token).then(codeOf)).toBe('token-spent');
    expect(await postByToken({ serial: 2 }).then(codeOf)).toBe('ok');
  });

  it('[SE7] is void once its owner has revoked it, or has raised the epoch above it', async () => {
    expect(await device.revoke({ kind: 'serial', value: { serial: 1 } })).toBe(0);
    expect([await postByToken().then(codeOf), await postByToken({ serial: 2 }).then(codeOf)]).toEqual([
      'token-revoked',
      'ok',
    ]);
    expect(await device.revoke({ kind: 'epoch', value: { epoch: 3 } })).toBe(3);
    expect(await device.revoke({ kind: 'epoch', value: { epoch: 2 } })).toBe(3);
    const codes = [];
    for (const epoch of [0, 2, 3, 4]) codes.push(codeOf(await postByToken({ epoch, serial: 9 })));
    expect(codes).toEqual(['token-revoked', 'token-revoked', 'ok', 'token-revoked']);
    expect(await device.countRows('mailbox_tokens')).toBe(1);
    const body = encode(tokenRevocation, { kind: 'epoch', value: { epoch: 9 } });
    const stranger = await device.object.revokeTokens(callerOf(mallory), device.owner.key, body);
    expect(codeOf(stranger)).toBe('not-permitted');
  });

  it('[SE7] is remembered with 1,024 others, until none of them can be in force', async () => {
    await runInDurableObject(device.stub, (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO mailbox_tokens SELECT i, 1, 0, ? FROM n`,
        MAX_REMEMBERED_TOKENS,
        T0 + HOUR_MS,
      );
    });
    const unseen = { serial: 5_000 };
    expect(await postByToken(unseen).then(codeOf)).toBe('token-register-full');
    const body = encode(tokenRevocation, { kind: 'serial', value: unseen });
    expect(codeOf(await device.object.revokeTokens(callerOf(device.owner), device.owner.key, body))).toBe(
      'token-register-full',
    );
    expect(await postByToken({ serial: 5, uses: 2 }).then(codeOf)).toBe('ok');
    await device.revoke({ kind: 'epoch', value: { epoch: 1 } });
    valueOf(await postByToken({ ...unseen, epoch: 1 }));
    await device.setClock(T0 + HOUR_MS);
    await device.untilRows('mailbox_tokens', 0);
  });
});
