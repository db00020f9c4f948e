import { scryptSync } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes, decode, toBase64Url, type ChainId } from '../../core/index.ts';
import { identityBackup } from '../../sdk/backup/identity-backup.ts';
import { backUpIdentity, memoryStorage, restoreIdentity, type Storage } from '../../sdk/index.ts';
import { drawIdentity, importIdentity } from '../../sdk/identity.ts';
import { markGroup } from '../../sdk/group/group-register.ts';
import { platformOf } from '../../sdk/platform.ts';
import { pinWrite, readPin } from '../../sdk/relay-pin.ts';
import { actorSeed } from './chain/test-log.ts';

const FIRST_LINE = 'terachat identity backup v1\n';
/** With the cost, the salt and the nonce. */
const HEAD_BYTES = FIRST_LINE.length + 41;
const LENGTH_BYTES = 2;
const passphrase = 'caf\u00e9 by the harbour at nine';
const platform = platformOf({});
const seed = actorSeed('alice');
const { actor } = platform.makeSigner(seed);
const chain = new Uint8Array(32).fill(7);
const relay = { name: 'relay.example', checkpointKey: new Uint8Array(32).fill(9) };
const url = 'https://relay.example';
const [plain, encrypted] = [1, 2].map((byte) => new Uint8Array(32).fill(byte) as ChainId);

let storage: Storage;
let backup: Uint8Array;
/** The same, by the least work that a reader accepts, since each opening costs as much as its making. */
let cheap: Uint8Array;

/** An identity that has been at work: groups, names, and keys of MLS. */
beforeAll(async () => {
  storage = memoryStorage();
  const writes = [
    pinWrite(relay),
    markGroup(plain!, 'plain'),
    markGroup(encrypted!, 'mls'),
    { key: 'app/name', value: Uint8Array.of(1, 2, 3) },
    { key: 'key-package/x', value: Uint8Array.of(4) },
    { key: 'chain/x/mls', value: Uint8Array.of(5) },
  ];
  await importIdentity({ actor, seed, chain }, writes, { storage, platform });
  backup = await backUpIdentity({ storage, passphrase, recordPrefix: 'app/', url });
  cheap = sealAnew(backup, { logN: 15 });
});

interface Box {
  /** What is authenticated beside the content: the first line and the header. */
  readonly head: Uint8Array;
  readonly logN: number;
  readonly content: Uint8Array;
}

/** What the pages of `BK1` to `BK3` say of a file, done with other code than the client's. */
function openBox(file: Uint8Array): Box {
  const head = file.subarray(0, HEAD_BYTES);
  const content = cipherOf(head).decrypt(file.subarray(HEAD_BYTES + LENGTH_BYTES));
  return { head, logN: head[FIRST_LINE.length]!, content };
}

function cipherOf(head: Uint8Array): ReturnType<typeof xchacha20poly1305> {
  const [logN, salt, nonce] = [head[FIRST_LINE.length]!, head.subarray(-40, -24), head.subarray(-24)];
  const key = scryptSync(passphrase, salt, 32, { N: 2 ** logN, r: 8, p: 1, maxmem: 2 ** 28 });
  return xchacha20poly1305(key, nonce, head);
}

function sealAnew(file: Uint8Array, { logN }: { readonly logN: number }): Uint8Array {
  const head = Uint8Array.from(file.subarray(0, HEAD_BYTES));
  head[FIRST_LINE.length] = logN;
  const length = file.subarray(HEAD_BYTES, HEAD_BYTES + LENGTH_BYTES);
  return concatBytes(head, length, cipherOf(head).encrypt(openBox(file).content));
}

const restore = (file: Uint8Array, options: { passphrase?: string; storage?: Storage; recordPrefix?: string } = {}) =>
  restoreIdentity({ storage: memoryStorage(), passphrase, recordPrefix: 'app/', backup: file, ...options });

describe('an identity backup', () => {
  it('[BK1] [BK2] [BK3] is opened by whoever has the passphrase and this page', () => {
    const { head, logN, content } = openBox(backup);
    expect(Buffer.from(head.subarray(0, FIRST_LINE.length)).toString()).toBe(FIRST_LINE);
    expect(logN).toBe(17);
    const opened = decode(identityBackup, content);
    expect(opened).toMatchObject({ ok: true, value: { actor, seed, chain, relay: { url, ...relay } } });
  });

  it('[BK2] takes a passphrase however its letters were composed, and is another file each time', async () => {
    const { identity } = await restore(cheap, { passphrase: passphrase.normalize('NFD') });
    expect(identity.actor).toBe(toBase64Url(actor));
    const again = await backUpIdentity({ storage, passphrase, recordPrefix: 'app/', url });
    expect(again.subarray(FIRST_LINE.length)).not.toEqual(backup.subarray(FIRST_LINE.length));
  });

  it('[BK4] brings back the key, the relay, plain groups and names; nothing of MLS, and a new key for it', async () => {
    const target = memoryStorage();
    const restored = await restore(backup, { storage: target });
    expect(restored).toMatchObject({
      identity: { actor: toBase64Url(actor), chain: toBase64Url(chain) },
      relay: { url, name: relay.name },
      groups: [
        { id: toBase64Url(plain!), membership: 'plain' },
        { id: toBase64Url(encrypted!), membership: 'mls' },
      ],
    });
    expect(await readPin(target)).toEqual(relay);
    const keys = await target.list('');
    expect(keys).toEqual(['app/name', `group/${toBase64Url(plain!)}`, 'identity', 'key-packages-replace', 'relay']);
    expect(await target.read('identity')).not.toEqual(await storage.read('identity'));
  });

  it('[BK5] is refused with another passphrase and after any change, and then nothing is stored', async () => {
    const target = memoryStorage();
    const into = (file: Uint8Array, words = passphrase) => restore(file, { storage: target, passphrase: words });
    await expect(into(cheap, 'Café by the harbour at nine')).rejects.toMatchObject({ code: 'wrong-passphrase' });
    const at = FIRST_LINE.length;
    // The salt, and the tag at the end.
    for (const place of [at + 1, cheap.length - 1]) {
      await expect(into(flipped(cheap, place)), String(place)).rejects.toMatchObject({ code: 'wrong-passphrase' });
    }
    const weak = cheap.slice();
    weak[at] = 14;
    const costly = cheap.slice();
    costly[at] = 21;
    const others = [weak, costly, flipped(cheap, 0), cheap.slice(0, -1), Uint8Array.of(...cheap, 0), new Uint8Array(0)];
    for (const other of others) await expect(into(other)).rejects.toMatchObject({ code: 'malformed-backup' });
    expect(await target.list('')).toEqual([]);
  });

  it('[BK5] never takes the place of an identity, nor plants records that are not the application’s', async () => {
    const taken = memoryStorage();
    await restore(cheap, { storage: taken });
    const before = await taken.read('identity');
    await expect(restore(cheap, { storage: taken })).rejects.toMatchObject({ code: 'identity-exists' });
    expect(await taken.read('identity')).toBe(before);
    await expect(restore(cheap, { recordPrefix: 'other/' })).rejects.toMatchObject({ code: 'malformed-backup' });
  });

  it('needs an identity that a relay has', async () => {
    const empty = memoryStorage();
    const make = () => backUpIdentity({ storage: empty, passphrase, recordPrefix: 'app/', url });
    await expect(make()).rejects.toMatchObject({ code: 'identity-missing' });
    const context = { storage: empty, platform, relay } as unknown as Parameters<typeof drawIdentity>[0];
    await drawIdentity(context);
    await empty.commit([pinWrite(relay)]);
    await expect(make()).rejects.toMatchObject({ code: 'identity-unfounded' });
  });
});

function flipped(bytes: Uint8Array, place: number): Uint8Array {
  const changed = bytes.slice();
  changed[place]! ^= 1;
  return changed;
}
