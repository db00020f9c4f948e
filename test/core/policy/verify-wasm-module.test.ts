import { describe, expect, test } from 'vitest';
import {
  adminsRotated,
  modulePublished,
  moduleRevoked,
  sha256,
  verifyWasmModule,
  type DsseEnvelope,
  type ModuleManifest,
  type ModuleSubject,
} from '../../../core/index.ts';
import { actorNamed, START_MS, type Actor, type LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import { hashOf } from '../../../scripts/vectors/sample-bodies.ts';
import {
  ada,
  ben,
  cleo,
  dora,
  newRegistry,
  publicationOf,
  registrar,
  revocationOf,
  rotationOf,
} from '../../../scripts/vectors/sample-registry.ts';
import { assemble, i32, list, policy, policyWith, u } from './assembler.ts';
import { envelopeFor } from './hostile-envelopes.ts';

const stranger = actorNamed('stranger');
const { bytes } = assemble(policyWith([i32(1), 0x1a]));
const ofModule = { hash: sha256(bytes), size: bytes.length };
const YEAR_MS = 365 * 86_400_000;

function manifestEnvelope(log: LogBuilder, signers: readonly Actor[], fields: Partial<ModuleManifest> = {}) {
  return envelopeFor(log, bytes, { name: 'ledger', ...fields }, signers);
}

/** The rule that was broken and where, or that nothing was. */
function verdict(log: LogBuilder, envelope: DsseEnvelope, { at = START_MS, ...more }: Partial<ModuleSubject> = {}) {
  const registry = { chain: log.chain, state: log.registry };
  const result = verifyWasmModule({ envelope, bytes, registry, at, ...more });
  return result.ok ? 'trusted' : result.error.offset === undefined ? result.error.rule : result.error;
}

describe('[AR13] a module that could be published', () => {
  const log = newRegistry();
  const of = (signers: readonly Actor[], fields?: Partial<ModuleManifest>) =>
    verdict(log, manifestEnvelope(log, signers, fields));

  test('is trusted by what its admins signed', () => {
    expect(of([ada, ben])).toBe('trusted');
    const result = verifyWasmModule({
      envelope: manifestEnvelope(log, [cleo, ben]),
      bytes,
      registry: { chain: log.chain, state: log.registry },
      at: START_MS,
    });
    expect(result).toMatchObject({ ok: true, value: { publishedAt: undefined, manifest: { name: 'ledger' } } });
  });
});

describe('[AR14] the bytes of a module', () => {
  const log = newRegistry();
  const judge = (hostile: Uint8Array, fields: Partial<ModuleManifest> = {}) =>
    verdict(log, manifestEnvelope(log, [ada, ben], { hash: sha256(hostile), size: hostile.length, ...fields }), {
      bytes: hostile,
    });

  test('are those of a policy module, whatever admins sign', () => {
    const { bytes: hostile, here } = assemble([0x00, 0x61, 0x73, 0x6d, 0x02, 0, 0, 0]);
    expect(here).toBe(8);
    expect(judge(hostile)).toEqual({ rule: 'version', offset: 4, refusal: undefined });
  });

  test('may ask for all the memory that the manifest grants', () => {
    const { bytes: large } = assemble(policy({ memories: list([[0x01, u(1), u(17)]]) }));
    expect(judge(large, { pages: 17 })).toBe('trusted');
  });
});

describe('[AR13] a module that is published', () => {
  const log = newRegistry();
  log.append(registrar, modulePublished, publicationOf(log, [ada, cleo], ofModule));
  const envelope = manifestEnvelope(log, [ada, cleo]);
  const second = { version: 2, previous: ofModule.hash, hash: hashOf('ledger 2') };

  test('is trusted while it is valid, with the entry that published it', () => {
    const registry = { chain: log.chain, state: log.registry };
    expect(verifyWasmModule({ envelope, bytes, registry, at: START_MS })).toMatchObject({ value: { publishedAt: 1 } });
    expect(verdict(log, envelope, { at: START_MS + YEAR_MS - 1 })).toBe('trusted');
    expect(verdict(log, envelope, { at: START_MS + YEAR_MS })).toBe('module-expired');
    expect(verdict(log, envelope, { at: START_MS - 1 })).toBe('module-not-yet-valid');
  });

  test('is refused under another manifest, or with other signatures', () => {
    expect(verdict(log, manifestEnvelope(log, [ada, ben], { fuel: 1 }))).toBe('module-already-published');
    expect(verdict(log, manifestEnvelope(log, [ada]))).toBe('threshold-not-met');
    expect(verdict(log, manifestEnvelope(log, [ada, stranger]))).toBe('signer-unknown');
  });

  test('stays trusted after a later version, a rotation, and the revocation of a key that signed it', () => {
    log.append(registrar, modulePublished, publicationOf(log, [ada, ben], second));
    expect(verdict(log, envelope)).toBe('trusted');
    log.append(registrar, adminsRotated, rotationOf(log, [ada, ben]));
    log.append(registrar, moduleRevoked, revocationOf(log, [ada, dora], { adminEpoch: 2, keys: [cleo.key] }));
    expect(verdict(log, envelope)).toBe('trusted');
    // What is not in the log yet is judged by the new root.
    const next = { version: 3, previous: hashOf('ledger 2'), hash: hashOf('ledger 3') };
    expect(verdict(log, manifestEnvelope(log, [ada, cleo], next))).toBe('signer-unknown');
    expect(verdict(log, manifestEnvelope(log, [ada, ben], { ...next, adminEpoch: 1 }))).toBe('wrong-admin-epoch');
  });

  test('[AR10] is refused once it is revoked', () => {
    const revocation = revocationOf(log, [ada, dora], { adminEpoch: 2, modules: [ofModule.hash] });
    const at = log.append(registrar, moduleRevoked, revocation);
    const registry = { chain: log.chain, state: log.registry };
    expect(verifyWasmModule({ envelope, bytes, registry, at: START_MS })).toEqual({
      ok: false,
      error: { rule: 'module-revoked', offset: undefined, refusal: { code: 'module-revoked', at } },
    });
  });
});
