import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  encodeAdminStatement,
  formatDsseEnvelope,
  fromBase64Url,
  readDsseEnvelope,
  sha256,
  type AdminStatement,
  type DsseEnvelope,
} from '../../core/index.ts';
import { connect, signStatement, type Registry, type Session } from '../../sdk/index.ts';
import { fileStorage, nodePlatform } from '../../sdk/node/index.ts';
import { startLocalRelay, type LocalRelay } from '../../workers/local.ts';
import { openPinnedRegistry } from '../../workers/local/pinned-registry.ts';
import { steadyPort } from '../support/steady-port.ts';
import { keepAdmin, PASSPHRASE, type KeptAdmin } from '../support/admin-keys.ts';
import { runAt } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'admin-test-'));
const path = (name: string): string => join(folder, name);
const [ada, ben, cleo, dora] = ['ada', 'ben', 'cleo', 'dora'].map((name) => keepAdmin(folder, name)) as [
  KeptAdmin,
  KeptAdmin,
  KeptAdmin,
  KeptAdmin,
];
const passphraseFile = ['--passphrase-file', path('passphrase')];
const module = new Uint8Array(readFileSync(join(import.meta.dirname, '../../policies/ledger.wasm')));
const COLUMNS = 80;

let relay: LocalRelay;
/** Of the registry that the profile founded. */
let id: string;

/** One command line in this process. */
const run = (...args: string[]) => runAt(path('home'), args);

async function ask(...args: string[]): Promise<Record<string, unknown>> {
  const { exit, out, err } = await run(...args, '--json');
  expect([exit, err], args.join(' ')).toEqual([0, '']);
  return JSON.parse(out) as Record<string, unknown>;
}

async function refusal(...args: string[]): Promise<Record<string, unknown>> {
  const { exit, out, err } = await run(...args, '--json');
  expect(out).toBe('');
  return { exit, ...(JSON.parse(err) as { error: object }).error };
}

const sign = (file: string, { file: key }: KeptAdmin, ...more: string[]) =>
  ask('admin', 'sign', file, '--key', key, ...passphraseFile, '--yes', ...more);

function read(file: string): DsseEnvelope {
  const envelope = readDsseEnvelope(readFileSync(file, 'utf8'));
  if (!envelope.ok) throw new Error(envelope.error.reason);
  return envelope.value;
}

/** A copy with other signatures. */
function copyOf(file: string, name: string, signatures: DsseEnvelope['signatures']): string {
  writeFileSync(path(name), formatDsseEnvelope({ ...read(file), signatures }));
  return path(name);
}

async function signedBy(statement: AdminStatement, admins: readonly KeptAdmin[]): Promise<DsseEnvelope> {
  let envelope: DsseEnvelope = { ...encodeAdminStatement(statement), signatures: [] };
  for (const { signer } of admins) envelope = await signStatement(envelope, signer);
  return envelope;
}

/** What a program does with the same profile. */
async function asProgram<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const storage = fileStorage(path('home/profiles/default/storage'));
  const session = await connect({ relay: relay.url, storage, ...nodePlatform() });
  try {
    return await work(session);
  } finally {
    session.close();
    await storage.close();
  }
}

beforeAll(async () => {
  writeFileSync(path('passphrase'), `${PASSPHRASE}\n`);
  relay = await startLocalRelay({ folder: path('relay'), port: await steadyPort() });
  await ask('init', '--relay', relay.url);
}, 120_000);

afterAll(async () => {
  await relay.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('terachat admin', { timeout: 120_000 }, () => {
  it('[AR1] founds a registry with the keys that it was given, and says what to pin', async () => {
    const keys = [ada, ben, cleo].flatMap(({ file }) => ['--admin', `${file}.pub`]);
    const { exit, out } = await run('admin', 'init', ...keys, '--threshold', '2');
    expect(exit).toBe(0);
    id = /REGISTRY = "(\S{43})"/.exec(out)?.[1] ?? '';
    for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(COLUMNS);
    const shown = await ask('admin', 'show');
    expect(shown).toMatchObject({ id, pinned: null, standing: 'good', root: { epoch: 1, threshold: 2 }, modules: [] });
    expect((shown['root'] as { admins: { key: string }[] }).admins.map(({ key }) => key)).toEqual(
      [ada, ben, cleo].map(({ key }) => key),
    );
  });

  it('[AR1] founds no second registry that nobody meant', async () => {
    const keys = ['--admin', `${ada.file}.pub`, '--threshold', '1'];
    const refused = await refusal('admin', 'init', ...keys);
    expect(refused).toMatchObject({ exit: 2, code: 'registry-exists' });
    expect(refused['message']).toContain(id);
    expect(await ask('admin', 'show')).toMatchObject({ id });
  });

  it('[AR2] founds none with a key twice, a threshold out of reach, or what is no key', async () => {
    const twice = ['--admin', ada.key, '--admin', `${ada.file}.pub`];
    expect(await refusal('admin', 'init', ...twice, '--threshold', '1')).toMatchObject({
      exit: 1,
      code: 'invalid-admin-root',
    });
    expect(await refusal('admin', 'init', '--admin', ada.key, '--threshold', '2')).toMatchObject({
      exit: 1,
      code: 'invalid-admin-root',
    });
    expect(await refusal('admin', 'init', '--admin', 'ada', '--threshold', '1')).toMatchObject({
      exit: 2,
      code: 'invalid-admin-key',
    });
  });

  it('[AR11] shows in words what is to be signed, and signs nothing that nobody agreed to', async () => {
    const { out } = await run(
      'admin',
      'rotate',
      path('rotation.json'),
      '--add',
      dora.key,
      '--remove',
      `${ben.file}.pub`,
    );
    expect(out).toMatch(/^ {2}leaves {3}\S+ {2}\S{43}$/m);
    await ask('audit', id, '--save', path('registry.log'));
    const asked = await run('admin', 'sign', path('rotation.json'), '--key', ada.file, '--log', path('registry.log'));
    expect([asked.exit, asked.out]).toEqual([2, '']);
    expect(asked.err).toContain('threshold  2 of 3 keys sign from then on');
    expect(asked.err).toContain(`  comes  `);
    for (const line of `${out}\n${asked.err}`.split('\n')) expect(line.length, line).toBeLessThanOrEqual(COLUMNS);
    expect(read(path('rotation.json')).signatures).toEqual([]);
  });

  it('[AR12] signs nothing that it can not read, or that is for another registry', async () => {
    const changed = { ...read(path('rotation.json')), payloadType: 'application/vnd.in-toto+json' };
    writeFileSync(path('other.json'), formatDsseEnvelope(changed));
    const options = ['--key', ada.file, ...passphraseFile, '--yes'];
    expect(await refusal('admin', 'sign', path('other.json'), ...options)).toMatchObject({
      exit: 1,
      code: 'unsupported-statement',
    });
    writeFileSync(
      path('other.json'),
      formatDsseEnvelope({
        ...changed,
        payloadType: read(path('rotation.json')).payloadType,
        payload: Uint8Array.of(1),
      }),
    );
    expect(await refusal('admin', 'sign', path('other.json'), ...options)).toMatchObject({
      exit: 1,
      code: 'malformed',
    });
    expect(await refusal('admin', 'sign', path('passphrase'), ...options)).toMatchObject({
      exit: 1,
      code: 'malformed-dsse',
    });
    const elsewhere = ['--registry', 'A'.repeat(43)];
    expect(await refusal('admin', 'sign', path('rotation.json'), ...options, ...elsewhere)).toMatchObject({
      exit: 1,
      code: 'wrong-registry',
    });
  });

  it('[AR4, AR7, AR17] rotates by enough of the old and enough of the new, signed apart, and by nothing less', async () => {
    const append = ['admin', 'rotate', '--append'];
    expect(await sign(path('rotation.json'), ada, '--log', path('registry.log'))).toMatchObject({ isNew: true });
    expect(await sign(path('rotation.json'), ada)).toMatchObject({ isNew: false, signers: [ada.key] });
    expect(await refusal(...append, path('rotation.json'))).toMatchObject({ exit: 1, code: 'threshold-not-met' });

    const [first] = read(path('rotation.json')).signatures;
    const twice = copyOf(path('rotation.json'), 'twice.json', [first!, first!]);
    expect(await refusal(...append, twice)).toMatchObject({ exit: 1, code: 'signer-repeated' });
    const forged = copyOf(path('rotation.json'), 'forged.json', [first!, { ...first!, keyId: cleo.key }]);
    expect(await refusal(...append, forged)).toMatchObject({ exit: 3, code: 'admin-signature-invalid' });
    expect(await refusal('admin', 'sign', forged, '--key', ada.file, '--yes')).toMatchObject({ exit: 3 });

    // Ada and Cleo are of both; Cleo signs a copy that has nothing of Ada's.
    const apart = copyOf(path('rotation.json'), 'apart.json', []);
    await sign(apart, cleo);
    expect(await ask(...append, path('rotation.json'), apart)).toMatchObject({ registry: id, index: 1, epoch: 2 });
    expect(await refusal(...append, path('rotation.json'), apart)).toMatchObject({
      exit: 1,
      code: 'root-out-of-order',
    });
    expect(await ask('admin', 'show')).toMatchObject({ root: { epoch: 2, since: 1 } });
    // The log that was saved before the rotation can't tell of what comes after it.
    await ask('admin', 'rotate', path('next.json'));
    const stale = ['--key', ada.file, '--yes', '--log', path('registry.log')];
    expect(await refusal('admin', 'sign', path('next.json'), ...stale)).toMatchObject({
      exit: 1,
      code: 'root-out-of-order',
      hint: expect.stringContaining('Save it anew') as string,
    });
  });

  it('[AR5, AR8, AR15] publishes at a relay that has pinned the registry, and takes back for good', async () => {
    const { port } = relay;
    await relay.stop();
    relay = await startLocalRelay({ folder: path('relay'), port, registry: id });
    // Kept for the next start.
    expect(openPinnedRegistry(path('relay'), undefined)).toBe(id);
    const hash = sha256(module);
    await asProgram(async (session) => {
      const registry = await session.registry();
      expect(registry.id).toBe(id);
      const publication = await signedBy(publicationFor(registry, hash), [ada, dora]);
      await expect(registry.revoke(publication)).rejects.toMatchObject({ code: 'unsupported-statement' });
      const short = { ...publication, signatures: publication.signatures.slice(1) };
      await expect(registry.publish(short, module)).rejects.toMatchObject({ code: 'threshold-not-met' });
      expect(await registry.publish(publication, module)).toMatchObject({ index: 2 });
      expect(Buffer.compare(await registry.module(hash), module)).toBe(0);
      const revocation = { registry: fromBase64Url(id)!, adminEpoch: 2, reason: 'compromised' } as const;
      const value = { ...revocation, modules: [hash], keys: [dora.signer.actor] };
      // Dora's key is good until her own signature has taken it back.
      await registry.revoke(await signedBy({ kind: 'revocation', value }, [ada, dora]));
    });
    const { out } = await run('admin', 'show');
    expect(out).toMatch(/^ {2}relay +has pinned it$/m);
    expect(out).toMatch(/^ {2}ledger 1, revoked by entry 3$/m);
    expect(out).toMatch(/^ {2}threshold {2}2 of 2 keys sign$/m);
    for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(COLUMNS);
  });

  it('[AR7] shows that admins have expired, lets them do nothing else, and lets them rotate', async () => {
    const other = await asProgram(async (session) => {
      const expiresAt = Date.now() + 1_000;
      const registry = await session.foundRegistry({ admins: [ada.key], threshold: 1, expiresAt });
      await vi.waitUntil(() => Date.now() > expiresAt, { timeout: 10_000 });
      const revocation = { registry: fromBase64Url(registry.id)!, adminEpoch: 1, reason: 'other' } as const;
      const value = { ...revocation, modules: [sha256(module)], keys: [] };
      const signed = await signedBy({ kind: 'revocation', value }, [ada]);
      await expect(registry.revoke(signed)).rejects.toMatchObject({ code: 'root-expired' });
      return registry.id;
    });
    const named = ['--registry', other];
    const { out } = await run('admin', 'show', ...named);
    expect(out).toContain('These admins have expired.');
    expect(out).toContain(`has pinned another: ${id}`);
    await ask('admin', 'rotate', path('late.json'), ...named);
    await sign(path('late.json'), ada);
    // Of the registry that this profile founded by the command line.
    expect(await refusal('admin', 'rotate', '--append', path('late.json'))).toMatchObject({
      exit: 1,
      code: 'wrong-registry',
    });
    expect(await ask('admin', 'rotate', '--append', path('late.json'), ...named)).toMatchObject({ epoch: 2 });
  });
});

function publicationFor({ id: registry }: Registry, hash: Uint8Array): AdminStatement {
  const times = { notBefore: Date.now() - 60_000, expiresAt: Date.now() + 86_400_000 };
  const grants = { abi: 1, size: module.length, fuel: 1_000_000, pages: 256, adminEpoch: 2 };
  const named = { name: 'ledger', version: 1, previous: undefined, hash, registry: fromBase64Url(registry)! };
  return { kind: 'publication', value: { ...named, ...grants, ...times } };
}
