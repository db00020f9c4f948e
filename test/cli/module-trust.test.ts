import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  encodeLogCopy,
  formatDsseEnvelope,
  logStatement,
  modulePublished,
  moduleRevoked,
  readDsseEnvelope,
  sha256,
  toBase64Url,
  type DsseEnvelope,
  type ModulePublished,
} from '../../core/index.ts';
import { actorNamed, LogBuilder, type Actor } from '../../scripts/vectors/log-builder.ts';
import { registrar, registryGenesis, revocationOf } from '../../scripts/vectors/sample-registry.ts';
import { factsOf, groupAtRelay, relay } from '../support/account-log.ts';
import { keepAdmin, PASSPHRASE, type KeptAdmin } from '../support/admin-keys.ts';
import { TestPolicyGroup, TestRegistry } from '../support/policy-log.ts';
import { runHere, type Said } from './run-cli.ts';

const LEDGER = join(import.meta.dirname, '../../policies/ledger.wasm');
const ledger = new Uint8Array(readFileSync(LEDGER));
const COLUMNS = 80;

const folder = mkdtempSync(join(tmpdir(), 'terachat-trust-'));
const path = (name: string): string => join(folder, name);
const [ada, ben, eve] = ['ada', 'ben', 'eve'].map((name) => keepAdmin(folder, name)) as [
  KeptAdmin,
  KeptAdmin,
  KeptAdmin,
];

let registry: LogBuilder;

function save(log: LogBuilder, name: string): string {
  const { checkpoint } = factsOf(log, { from: log.size });
  writeFileSync(path(name), encodeLogCopy({ chain: log.chain, checkpoint, entries: log.entries }));
  return path(name);
}

function envelopeIn(file: string): DsseEnvelope {
  const envelope = readDsseEnvelope(readFileSync(file, 'utf8'));
  if (!envelope.ok) throw new Error(envelope.error.reason);
  return envelope.value;
}

const sign = (file: string, { file: key }: KeptAdmin, ...more: string[]): Promise<Said> =>
  runHere(...['module', 'sign', LEDGER, file, '--key', key, '--passphrase-file', path('passphrase'), '--yes'], ...more);

const saying = (code: string): unknown => expect.stringContaining(code);

/** What `verify` says of a file, as programs get it. */
async function verdict(...args: string[]): Promise<unknown> {
  const { exit, out } = await runHere('module', 'verify', ...args, '--json');
  return { exit, ...(JSON.parse(out) as object) };
}

beforeAll(() => {
  writeFileSync(path('passphrase'), `${PASSPHRASE}\n`);
  const keys = [ada, ben].map(({ signer }) => signer.actor);
  const root = { epoch: 1, keys, threshold: 2, expiresAt: Date.now() + 86_400_000 };
  registry = new LogBuilder(registrar, registryGenesis(root, { checkpointKey: relay.key }), { isSigned: true });
  save(registry, 'registry.log');
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('terachat module sign and verify', () => {
  const log = ['--log', path('registry.log')];

  it('[AR5, AR13] make a manifest that one admin after the other signs, and say what is still missing', async () => {
    const first = await sign(path('ledger.json'), ada, ...log, '--json');
    expect(first).toMatchObject({ exit: 0 });
    expect(JSON.parse(first.out)).toMatchObject({
      isNew: true,
      kind: 'publication',
      statement: { name: 'ledger', hash: toBase64Url(sha256(ledger)) },
    });
    const envelope = ['--envelope', path('ledger.json')];
    const missing = { ok: false, rule: 'threshold-not-met', offset: null };
    expect(await verdict(LEDGER, ...envelope, ...log)).toEqual({ exit: 1, ...missing });
    const second = await sign(path('ledger.json'), ben, ...log);
    expect(second).toMatchObject({ exit: 0 });
    for (const line of `${second.out}${second.err}`.split('\n')) expect(line.length, line).toBeLessThanOrEqual(COLUMNS);
    const { expiresAt: _, ...trusted } = (await verdict(LEDGER, ...envelope, ...log)) as Record<string, unknown>;
    expect(trusted).toEqual({
      ...{ exit: 0, ok: true, rule: null, offset: null },
      ...{ name: 'ledger', version: 1, publishedAt: null },
    });
    const { out } = await runHere('module', 'verify', LEDGER, ...envelope, ...log);
    expect(out).toContain('which can be published.');
  });

  it('[AR4, AR13, AR14] refuse other bytes, other signers, and what is not published', async () => {
    const other = join(import.meta.dirname, '../../policies/access.wasm');
    const envelope = ['--envelope', path('ledger.json')];
    expect(await verdict(other, ...envelope, ...log)).toMatchObject({ exit: 1, rule: 'module-mismatch' });
    expect(await verdict(other, ...log)).toMatchObject({ exit: 1, rule: 'module-not-published' });
    const theirs = await runHere(
      ...['module', 'sign', other, path('ledger.json'), '--key', ada.file, '--yes', '--json'],
      ...['--passphrase-file', path('passphrase')],
    );
    expect(theirs).toMatchObject({ exit: 1, err: saying('module-mismatch') });
    // Of nobody in the root: where the registry is known it is not even signed. Where it is not, that is said.
    expect((await sign(path('ledger.json'), ben)).out).toContain('Nobody has looked');
    expect(await sign(path('eve.json'), eve, ...log, '--json')).toMatchObject({
      exit: 1,
      err: saying('signer-unknown'),
    });
    const both = envelopeIn(path('ledger.json'));
    const [signature] = both.signatures;
    writeFileSync(path('twice.json'), formatDsseEnvelope({ ...both, signatures: [signature!, signature!] }));
    expect(await verdict(LEDGER, '--envelope', path('twice.json'), ...log)).toMatchObject({
      exit: 1,
      rule: 'signer-repeated',
    });
    writeFileSync(path('hostile.wasm'), Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0));
    const hostile = await runHere(
      ...['module', 'sign', path('hostile.wasm'), path('hostile.json'), '--key', ada.file, ...log, '--json'],
    );
    expect(hostile).toMatchObject({ exit: 1, err: saying('"version"') });
  });

  it('[AR10, AR13] know by the log alone what is published, until it is taken back', async () => {
    const logged = logStatement(envelopeIn(path('ledger.json')), [ada.signer.actor, ben.signer.actor]);
    if (!logged.ok) throw new Error(logged.error.code);
    registry.time = Date.now();
    registry.append(registrar, modulePublished, logged.value.body as ModulePublished);
    save(registry, 'registry.log');
    expect(await verdict(LEDGER, ...log)).toMatchObject({ exit: 0, ok: true, publishedAt: 1 });
    const next = await sign(path('ledger-2.json'), ada, ...log, '--json');
    // The same bytes are not published again, under any version.
    expect(next).toMatchObject({ exit: 1, err: saying('module-already-published') });
    const signers = ['admin ada', 'admin ben'].map(actorNamed) as [Actor, Actor];
    registry.append(registrar, moduleRevoked, revocationOf(registry, signers, { modules: [sha256(ledger)] }));
    save(registry, 'revoked.log');
    expect(await verdict(LEDGER, '--log', path('revoked.log'))).toMatchObject({ exit: 1, rule: 'module-revoked' });
    const { err } = await runHere('module', 'verify', LEDGER, '--log', path('revoked.log'));
    for (const line of err.split('\n')) expect(line.length, line).toBeLessThanOrEqual(COLUMNS);
  });

  it('[AR20] export a copy for other tools, which is another module', async () => {
    const exported = await runHere(
      ...['module', 'sign', LEDGER, '--export', path('signed.wasm'), '--key', ada.file],
      ...['--passphrase-file', path('passphrase')],
    );
    expect(exported).toMatchObject({ exit: 0 });
    const copy = readFileSync(path('signed.wasm'));
    expect(copy.subarray(12, 21).toString()).toBe('signature');
    expect(await verdict(path('signed.wasm'), ...log)).toMatchObject({ exit: 1, rule: 'module-not-published' });
    expect(await runHere('module', 'sign', LEDGER, '--key', ada.file)).toMatchObject({ exit: 2 });
  });
});

describe('terachat module test --log', () => {
  it('[PB6, PB12] lets a module decide again over what a chain took, and another one over the same', async () => {
    const owner = actorNamed('owner');
    const group = new TestPolicyGroup(owner, new TestRegistry(), groupAtRelay(owner, 'plain', {}, { isSigned: true }));
    const hash = group.registry.publish(ledger);
    group.sync();
    group.bind(hash);
    group.record(owner, 0);
    const log = ['--log', save(group.log, 'group.log'), '--json'];
    const { exit, out } = await runHere('module', 'test', LEDGER, ...log);
    expect({ exit, ...(JSON.parse(out) as object) }).toMatchObject({
      ...{ exit: 0, ok: true, records: [{ verdict: 'accepted' }] },
      state: Buffer.from(group.log.group.policy!.state).toString('hex'),
    });
    const approval = join(import.meta.dirname, '../../policies/approval.wasm');
    const alone = await runHere('module', 'test', approval, ...log);
    expect(alone).toMatchObject({ exit: 1, out: '', err: saying('module-missing') });
    const both = await runHere('module', 'test', approval, ...log, '--with', LEDGER);
    expect(JSON.parse(both.out)).toMatchObject({
      ok: false,
      records: [{ verdict: 'rejected 1', expected: 'accepted' }],
    });
  });
});
