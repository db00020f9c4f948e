import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  claimOutcomes,
  decodeTrusted,
  encode,
  entryPage,
  formatCheckpoint,
  fromBase64Url,
  openNote,
  parseCheckpoint,
  publicKeyOf,
  signEd25519,
  signNote,
  verifierKeyOf,
  verifyOracle,
  type EntryPage,
} from '../../core/index.ts';
import { memoryStorage, type Group, type Session } from '../../sdk/index.ts';
import { startLocalRelay } from '../../workers/local.ts';
import { Proxy, type Exchange } from './proxy.ts';
import { hasty, soleInvitation, Stage, textsOf } from './stage.ts';

let stage: Stage;
let alice: Session;

beforeAll(async () => {
  stage = await Stage.share();
  alice = await stage.person();
});

afterAll(() => stage.strike());

let proxy: Proxy;
let bob: Session;
let hers: Group;
let his: Group;

/** Bob reaches the relay through someone who may change what he is told. */
beforeEach(async () => {
  proxy = await Proxy.before(stage.relay.url);
  bob = await stage.person(proxy.url, { delay: hasty });
  hers = await alice.createGroup();
  await hers.invite(bob.identity!.actor);
  his = await (await soleInvitation(bob)).accept();
  await hers.send('true');
});

afterEach(() => proxy.close());

const isEntries = ({ path }: Exchange): boolean => path.includes('/entries');

function changePage(change: (page: EntryPage) => EntryPage): void {
  proxy.tamper = (exchange) => {
    if (!isEntries(exchange)) return undefined;
    return Buffer.from(encode(entryPage, change(decodeTrusted(entryPage, exchange.body))));
  };
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

/** Bob has noticed, shows nothing of it, and goes on once he is told the truth. */
async function expectUntrusted(code: string): Promise<void> {
  await expect(his.catchUp()).rejects.toMatchObject({ name: 'UntrustedError', code });
  expect(await textsOf(his)).toEqual([]);
  proxy.tamper = undefined;
  await his.catchUp();
  expect(await textsOf(his)).toEqual(['true']);
}

describe('what comes through other hands', () => {
  test('[CL2, CL4] a flipped byte in an entry is found, and the message is read once it comes whole', async () => {
    changePage((page) => ({
      ...page,
      entries: page.entries.map((logged) => ({ ...logged, entry: flip(logged.entry, 100) })),
    }));
    await expectUntrusted('entry-invalid');
  });

  test('[CL10] a flipped byte in a ciphertext is found, and its key is not used up by it', async () => {
    changePage((page) => ({
      ...page,
      entries: page.entries.map((logged) => ({ ...logged, payload: logged.payload && flip(logged.payload, 50) })),
    }));
    await expectUntrusted('payload-mismatch');
  });

  test('[CL2] a checkpoint by another key under the same name is found', async () => {
    const seed = new Uint8Array(32).fill(7);
    changePage((page) => {
      const text = page.checkpoint.slice(0, page.checkpoint.indexOf('\n\n') + 1);
      const key = verifierKeyOf(text.split('\n')[0]!, 'ed25519', publicKeyOf(seed));
      return { ...page, checkpoint: signNote(text, { key, sign: (message) => signEd25519(seed, message) }) };
    });
    await expectUntrusted('checkpoint-invalid');
  });

  test('[CL10] a ciphertext that is held back is asked for once more', async () => {
    changePage((page) => ({ ...page, entries: page.entries.map((logged) => ({ ...logged, payload: undefined })) }));
    await his.catchUp();
    expect(await textsOf(his)).toEqual(['true']);
    expect(proxy.seen.filter(({ path }) => path.includes('/payloads/'))).toHaveLength(1);
  });

  test('[CL6] a receipt that says another place than the log is no delivery', async () => {
    await his.catchUp();
    proxy.tamper = ({ path, body }) => {
      if (!path.endsWith('/events')) return undefined;
      const copy = Buffer.from(body);
      // Index of the accepted outcome: after the vector's length and the kind.
      const at = copy.indexOf(Buffer.from([0, 0, 0, 0]));
      copy[at + 7] = (copy[at + 7] as number) ^ 1;
      return copy;
    };
    await expect(his.send('where is it')).rejects.toMatchObject({ code: 'receipt-mismatch' });
    proxy.tamper = undefined;
    // The relay has it nevertheless: the same bytes go again and get their true receipt.
    await bob.inbox();
    expect(await textsOf(his)).toEqual(['true', 'where is it']);
  });

  test('[CL13] a KeyPackage of someone else is not invited', async () => {
    const [carol, mallory] = [await stage.person(), await stage.person()];
    const group = await bob.createGroup();
    const claimed: Buffer[] = [];
    proxy.tamper = ({ path, body }) => {
      if (!path.endsWith('/claims')) return undefined;
      claimed.push(body);
      return claimed[0];
    };
    await group.invite(mallory.identity!.actor);
    await expect(group.invite(carol.identity!.actor)).rejects.toMatchObject({ code: 'key-package-invalid' });
    proxy.tamper = ({ path, body }) => {
      if (!path.endsWith('/claims')) return undefined;
      const [outcome] = decodeTrusted(claimOutcomes, body).outcomes;
      if (outcome?.kind !== 'claimed') return undefined;
      const value = { ...outcome.value, ref: flip(outcome.value.ref, 0) };
      return Buffer.from(encode(claimOutcomes, { outcomes: [{ kind: 'claimed', value }] }));
    };
    await expect(group.invite(carol.identity!.actor)).rejects.toMatchObject({ code: 'key-package-invalid' });
  });

  test('[CL14] a Welcome whose acknowledgement is lost waits once, also after it was used', async () => {
    const group = await alice.createGroup();
    await group.invite(bob.identity!.actor);
    let lost = 0;
    proxy.block = (path) => path.endsWith('/mailbox/ack') && lost++ < 2;
    for (let attempt = 0; lost === 0 && attempt < 50; attempt++) await bob.invitations().catch(() => undefined);
    await expect(bob.invitations()).rejects.toMatchObject({ name: 'NetworkError' });
    const invitation = await soleInvitation(bob);
    proxy.block = (path) => path.endsWith('/mailbox/ack');
    await invitation.accept();
    proxy.block = undefined;
    expect(await bob.invitations()).toEqual([]);
  });

  test('[CL6] an answer that is lost after the relay took the message is no second message', async () => {
    await his.catchUp();
    let lost = 0;
    proxy.tamper = ({ path }) => (path.endsWith('/events') && lost++ === 0 ? 'lost' : undefined);
    await his.send('once');
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['true', 'once']);
    expect(lost).toBe(2);
  });

  test('[CL8] a commit whose answers are all lost is known by its hash when the log shows it', async () => {
    await his.catchUp();
    proxy.tamper = ({ path }) => (path.endsWith('/commits') ? 'lost' : undefined);
    await expect(his.rotate()).rejects.toMatchObject({ name: 'NetworkError', code: 'unreachable' });
    proxy.tamper = undefined;
    await his.catchUp();
    await his.send('with the keys of my own commit');
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['true', 'with the keys of my own commit']);
    expect((await his.view()).epoch).toBe(2);
    expect((await hers.view()).epoch).toBe(2);
  });

  test('[CL8] a commit that never arrived is sent again before the next one is made', async () => {
    await his.catchUp();
    proxy.block = (path) => path.endsWith('/commits');
    await expect(his.rotate()).rejects.toMatchObject({ name: 'NetworkError' });
    proxy.block = undefined;
    await his.catchUp();
    expect((await his.view()).epoch).toBe(1);
    await his.rotate();
    expect((await his.view()).epoch).toBe(3);
    await his.send('after both');
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['true', 'after both']);
  });
});

describe('what was interrupted', () => {
  test('[CL8] a group whose creation stopped half-way is finished with the keys that it began with', async () => {
    proxy.block = (path) => path.endsWith('/commits');
    await expect(bob.createGroup()).rejects.toMatchObject({ name: 'NetworkError' });
    proxy.block = undefined;
    const started = (await bob.groups()).find(({ id }) => id !== his.id)!;
    await bob.inbox();
    const group = await bob.group(started.id);
    await group.invite(alice.identity!.actor);
    await group.send('it works');
    expect(await textsOf(group)).toEqual(['it works']);
    expect((await group.view()).epoch).toBe(1);
  });

  test('[CL8] a message that waited for long is signed anew and delivered once', async () => {
    let offsetMs = 0;
    const carol = await stage.connect(memoryStorage(), proxy.url, {
      now: () => Date.now() + offsetMs,
      delay: hasty,
    });
    await carol.createIdentity();
    const dave = await stage.person();
    const group = await carol.createGroup();
    await group.invite(dave.identity!.actor);
    const daves = await (await soleInvitation(dave)).accept();
    // Once everything was read, it is ten minutes ago, and then the connection breaks.
    proxy.block = (path) => {
      if (path.includes('/entries')) offsetMs = -600_000;
      return path.endsWith('/events');
    };
    await expect(group.send('late')).rejects.toMatchObject({ name: 'NetworkError' });
    offsetMs = 0;
    proxy.block = undefined;
    await carol.inbox();
    await carol.inbox();
    await daves.catchUp();
    expect(await textsOf(daves)).toEqual(['late']);
    expect(await textsOf(group)).toEqual(['late']);
  });

  test('an identity whose founding stopped half-way is finished, by the same call or by the next session', async () => {
    for (const finish of [(s: Session) => s.createIdentity(), undefined]) {
      const storage = memoryStorage();
      const session = await stage.connect(storage, proxy.url, { delay: hasty });
      proxy.block = (path) => path === '/v1/chains';
      await expect(session.createIdentity()).rejects.toMatchObject({ name: 'NetworkError' });
      const { actor } = session.identity!;
      proxy.block = undefined;
      if (finish !== undefined) await finish(session);
      const carol = await stage.connect(storage, proxy.url, { delay: hasty });
      expect(carol.identity?.actor).toBe(actor);
      const group = await carol.createGroup();
      await expect(group.invite(actor)).rejects.toMatchObject({ code: 'already-member' });
      await expect(carol.createIdentity()).rejects.toMatchObject({ code: 'identity-exists' });
      await hers.invite(actor);
      expect((await soleInvitation(carol)).group).toBe(hers.id);
    }
  });

  test('a hint about an encrypted group is no way into it without a Welcome', async () => {
    const carol = await stage.person();
    await hers.invite(carol.identity!.actor);
    await (await soleInvitation(carol)).decline();
    await hers.send('for those who are in');
    const hint = await soleInvitation(carol);
    expect(hint).toMatchObject({ membership: 'plain', inviter: undefined });
    await expect(hint.accept()).rejects.toMatchObject({ code: 'not-invited' });
    expect(await carol.groups()).toEqual([]);
  });
});

describe('a relay that lies', () => {
  test('[CL1] another relay at the known address is named with both keys, before anything else is asked', async () => {
    const storage = memoryStorage();
    const carol = await stage.connect(storage);
    await carol.createIdentity();
    const other = await startLocalRelay({ folder: `${stage.folder}/other`, port: 0, name: 'other.example' });
    try {
      await expect(stage.connect(storage, other.url)).rejects.toMatchObject({
        code: 'relay-changed',
        pinned: { name: stage.relay.name, checkpointKey: stage.relay.publicKey },
        offered: { name: 'other.example', checkpointKey: other.publicKey },
      });
    } finally {
      await other.stop();
    }
    await stage.connect(storage);
  });

  test('[CL5] a second history, signed with the relay’s own key, stops the chain with both checkpoints', async () => {
    await his.catchUp();
    const { size, checkpoint: held } = await his.view();
    const { checkpointKey } = JSON.parse(await readRelayFile()) as { checkpointKey: string };
    const seed = fromBase64Url(checkpointKey)!;
    // As a relay could that shows Bob something else than it shows Alice: the same size, another root.
    changePage((page) => {
      const origin = page.checkpoint.split('\n')[0]!;
      const key = verifierKeyOf(origin, 'ed25519', publicKeyOf(seed));
      const text = formatCheckpoint({ origin, size, root: new Uint8Array(32).fill(3), extensions: [] });
      return { entries: [], checkpoint: signNote(text, { key, sign: (message) => signEd25519(seed, message) }) };
    });
    const error = await his.catchUp().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ForkError', code: 'fork', evidence: { chain: his.id, held } });
    expectSignedBy((error as { evidence: { held: string; offered: string } }).evidence, size);
    proxy.tamper = undefined;
    await expect(his.catchUp()).rejects.toMatchObject({ code: 'fork' });
    await expect(his.send('hello')).rejects.toMatchObject({ code: 'fork' });
    expect(await textsOf(his)).toEqual(['true']);
  });
});

async function readRelayFile(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(`${stage.relay.folder}/relay.json`, 'utf8');
}

/** Both notes open with the relay's public key, for anyone, and contradict each other. */
function expectSignedBy({ held, offered }: { held: string; offered: string }, size: number): void {
  const roots = [held, offered].map((note) => {
    const key = verifierKeyOf(note.split('\n')[0]!, 'ed25519', fromBase64Url(stage.relay.publicKey)!);
    const opened = openNote(note, [key], (jobs) => jobs.map(verifyOracle));
    expect(opened.ok).toBe(true);
    const checkpoint = parseCheckpoint(opened.ok ? opened.value.text : '');
    expect(checkpoint).toMatchObject({ ok: true, value: { size } });
    return checkpoint.ok ? checkpoint.value.root.join() : '';
  });
  expect(roots[0]).not.toBe(roots[1]);
}
