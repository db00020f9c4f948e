import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  adminsRotated,
  admitGenesis,
  auditStateIntegrity,
  currentRoot,
  DAY_MS,
  encodeState,
  groupMessage,
  modulePublished,
  moduleRevoked,
  parseState,
  type AdminRoot,
  type EventDefinition,
  type Genesis,
  type ModuleManifest,
} from '../../../../core/index.ts';
import { actorNamed, LogBuilder, START_MS, type Actor } from '../../../../scripts/vectors/log-builder.ts';
import { hashOf, messageBody } from '../../../../scripts/vectors/sample-bodies.ts';
import {
  ada,
  ben,
  cleo,
  dora,
  newRegistry,
  publicationOf,
  registrar,
  registryGenesis,
  revocationOf,
  rootOf,
  rotationOf,
} from '../../../../scripts/vectors/sample-registry.ts';

const stranger = actorNamed('stranger');
const SMALL_ORDER_KEY = new Uint8Array(32).fill(0);

function refusalOf<Body>(log: LogBuilder, definition: EventDefinition<Body>, body: Body, by: Actor = registrar) {
  return log.refusalOf(log.event(by, definition, body));
}

function refusalOfGenesis(root: AdminRoot, fields: Partial<Genesis> = {}) {
  const event = new LogBuilder(registrar).genesisEvent(registrar, registryGenesis(root, fields));
  const state = admitGenesis(event);
  return state.ok ? undefined : state.error;
}

describe('a registry', () => {
  test('[AR1] begins with the root of its genesis', () => {
    const log = newRegistry();
    expect(currentRoot(log.registry)).toEqual(rootOf([ada, ben, cleo]));
    expect(parseState(encodeState(log.state))).toEqual(log.state);
  });

  test.each<[string, AdminRoot, string]>([
    ['of another epoch than the first', rootOf([ada], { threshold: 1, epoch: 2 }), 'first-epoch'],
    ['that names a key twice', rootOf([ada, ben, ada]), 'repeated-key'],
    ['that asks for nobody', rootOf([ada, ben], { threshold: 0 }), 'threshold'],
    ['that asks for more than there are', rootOf([ada, ben], { threshold: 3 }), 'threshold'],
    ['of nobody', rootOf([], { threshold: 1 }), 'threshold'],
    ['with a key that can never sign', rootOf([ada, { ...ben, key: SMALL_ORDER_KEY }]), 'bad-key'],
  ])('[AR2] is not founded with a root %s', (_what, root, reason) => {
    expect(refusalOfGenesis(root)).toEqual({ code: 'invalid-admin-root', reason });
  });

  test('[AR2] is not founded in private', () => {
    expect(refusalOfGenesis(rootOf([ada, ben]), { visibility: 'private' })).toEqual({ code: 'registry-not-public' });
  });

  test('[AR3] takes from the registrar and from each admin what the admins signed, and from nobody else', () => {
    const log = newRegistry();
    const body = publicationOf(log);
    expect(refusalOf(log, modulePublished, body, registrar)).toBeUndefined();
    expect(refusalOf(log, modulePublished, body, cleo)).toBeUndefined();
    expect(refusalOf(log, modulePublished, body, dora)).toEqual({ code: 'not-permitted' });
    expect(refusalOf(log, groupMessage, messageBody, stranger)).toEqual({ code: 'not-permitted' });
    expect(refusalOf(log, groupMessage, messageBody)).toEqual({ code: 'unknown-event-type', eventType: 0x0204 });
    expect(log.refusalOf(log.rawEvent(registrar, 0x8001, new Uint8Array()))).toEqual({ code: 'not-permitted' });
  });

  test('[AR3] takes nothing from an admin whose key is revoked, or who is none any more', () => {
    const log = newRegistry();
    log.append(registrar, moduleRevoked, revocationOf(log, [ada, ben], { keys: [cleo.key] }));
    expect(refusalOf(log, modulePublished, publicationOf(log), cleo)).toEqual({ code: 'not-permitted' });
    log.append(registrar, adminsRotated, rotationOf(log, [ada, ben, dora], { keys: [ben.key, dora.key] }));
    expect(refusalOf(log, modulePublished, publicationOf(log), ada)).toEqual({ code: 'not-permitted' });
  });
});

describe('signatures of admins', () => {
  const log = newRegistry();
  const refused = (...signers: readonly Actor[]) => refusalOf(log, modulePublished, publicationOf(log, signers));

  test('[AR4] count once a key', () => {
    expect(refused(ada, ada)).toEqual({ code: 'signer-repeated', key: ada.key });
    expect(refused(ada, ben, ada)).toEqual({ code: 'signer-repeated', key: ada.key });
  });

  test('[AR4] are all of admins in force', () => {
    expect(refused(ada, ben, stranger)).toEqual({ code: 'signer-unknown', key: stranger.key });
    expect(refused(ada, registrar)).toEqual({ code: 'signer-unknown', key: registrar.key });
  });

  test('[AR4] are as many as the threshold', () => {
    expect(refused(ada)).toEqual({ code: 'threshold-not-met', threshold: 2, actual: 1 });
    expect(refused()).toEqual({ code: 'threshold-not-met', threshold: 2, actual: 0 });
    expect(refused(ben, cleo)).toBeUndefined();
    expect(refused(cleo, ada, ben)).toBeUndefined();
  });

  test('[AR4] all verify, also those past the threshold', () => {
    const body = publicationOf(log, [ada, ben, cleo]);
    body.signatures[2]!.signature[40]! ^= 1;
    expect(refusalOf(log, modulePublished, body)).toEqual({
      code: 'admin-signature-invalid',
      key: cleo.key,
    });
  });

  test('[AR4] of one kind of statement or of another manifest are none of this one', () => {
    const { signatures } = publicationOf(log, [ada, ben], { fuel: 1 });
    const lent = refusalOf(log, modulePublished, { ...publicationOf(log), signatures });
    expect(lent).toMatchObject({ code: 'admin-signature-invalid' });
    const revocation = revocationOf(log, [ada, ben], { modules: [hashOf('x')] });
    expect(refusalOf(log, moduleRevoked, { ...revocation, signatures })).toMatchObject({
      code: 'admin-signature-invalid',
    });
  });

  test('[AR4] of a revoked key are refused', () => {
    const registry = newRegistry();
    registry.append(registrar, moduleRevoked, revocationOf(registry, [ada, ben], { keys: [cleo.key] }));
    expect(refusalOf(registry, modulePublished, publicationOf(registry, [ada, ben, cleo]))).toEqual({
      code: 'signer-revoked',
      key: cleo.key,
    });
  });
});

describe('a rotation', () => {
  test('[AR7] is signed by the threshold of the old root and by that of the new one', () => {
    const log = newRegistry();
    const refused = (...signers: readonly Actor[]) => refusalOf(log, adminsRotated, rotationOf(log, signers));
    // The new root is of ada, ben and dora.
    expect(refused(ada, dora)).toEqual({ code: 'threshold-not-met', threshold: 2, actual: 1 });
    expect(refused(ada, cleo)).toEqual({ code: 'threshold-not-met', threshold: 2, actual: 1 });
    expect(refused(ada, ben)).toBeUndefined();
    expect(refused(ada, cleo, dora)).toBeUndefined();
    expect(refused(ada, ben, stranger)).toEqual({ code: 'signer-unknown', key: stranger.key });
    log.append(registrar, adminsRotated, rotationOf(log, [ada, cleo, dora]));
    expect(currentRoot(log.registry)).toEqual(rootOf([ada, ben, dora], { epoch: 2 }));
    expect(refusalOf(log, modulePublished, publicationOf(log, [ada, cleo], { adminEpoch: 2 }))).toEqual({
      code: 'signer-unknown',
      key: cleo.key,
    });
  });

  test.each([0, 1, 3])('[AR7] to epoch %d does not follow the first', (epoch) => {
    const log = newRegistry();
    expect(refusalOf(log, adminsRotated, rotationOf(log, [ada, ben], { epoch }))).toEqual({
      code: 'root-out-of-order',
      epoch: 1,
    });
  });

  test('[AR7] is not taken twice', () => {
    const log = newRegistry();
    const body = rotationOf(log, [ada, ben]);
    log.append(registrar, adminsRotated, body);
    expect(refusalOf(log, adminsRotated, body)).toEqual({ code: 'root-out-of-order', epoch: 2 });
  });

  test('[AR7] needs a sound root that has not expired', () => {
    const log = newRegistry();
    const refused = (fields: Partial<AdminRoot>) => refusalOf(log, adminsRotated, rotationOf(log, [ada, ben], fields));
    expect(refused({ threshold: 4 })).toEqual({ code: 'invalid-admin-root', reason: 'threshold' });
    expect(refused({ expiresAt: log.time })).toEqual({ code: 'root-expired', expiresAt: log.time });
    expect(refused({ expiresAt: log.time + 1 })).toBeUndefined();
  });

  test('[AR7] is possible from a root that has expired, which signs for nothing else', () => {
    const log = newRegistry(rootOf([ada, ben, cleo], { expiresAt: START_MS + 1 }));
    log.time = START_MS + 1;
    const expired = { code: 'root-expired', expiresAt: START_MS + 1 };
    expect(refusalOf(log, modulePublished, publicationOf(log))).toEqual(expired);
    expect(refusalOf(log, moduleRevoked, revocationOf(log, [ada, ben], { modules: [hashOf('x')] }))).toEqual(expired);
    log.append(registrar, adminsRotated, rotationOf(log, [ada, ben]));
    expect(refusalOf(log, modulePublished, publicationOf(log, [ada, dora], { adminEpoch: 2 }))).toBeUndefined();
  });

  test('[AR7] of another registry with the same admins is refused', () => {
    const log = newRegistry();
    const body = rotationOf(log, [ada, ben], {}, hashOf('another registry'));
    expect(refusalOf(log, adminsRotated, body)).toEqual({ code: 'wrong-registry' });
  });

  test('[AR10] brings no revoked key back', () => {
    const log = newRegistry();
    log.append(registrar, moduleRevoked, revocationOf(log, [ada, ben], { keys: [dora.key] }));
    expect(refusalOf(log, adminsRotated, rotationOf(log, [ada, ben]))).toEqual({
      code: 'admin-key-revoked',
      key: dora.key,
    });
  });
});

describe('a publication', () => {
  const refused = (log: LogBuilder, fields: Partial<ModuleManifest>) =>
    refusalOf(log, modulePublished, publicationOf(log, [ada, ben], fields));

  test.each<[Partial<ModuleManifest>, object]>([
    [{ registry: hashOf('another registry') }, { code: 'wrong-registry' }],
    [{ adminEpoch: 2 }, { code: 'wrong-admin-epoch', epoch: 1 }],
    [{ adminEpoch: 0 }, { code: 'wrong-admin-epoch', epoch: 1 }],
    [{ name: '' }, { code: 'invalid-module-manifest', reason: 'name' }],
    [{ name: 'Ledger' }, { code: 'invalid-module-manifest', reason: 'name' }],
    [{ name: 'ledger-' }, { code: 'invalid-module-manifest', reason: 'name' }],
    [{ name: 'led\u001bger' }, { code: 'invalid-module-manifest', reason: 'name' }],
    [{ version: 0 }, { code: 'invalid-module-manifest', reason: 'version' }],
    [{ abi: 2 }, { code: 'unsupported-module-abi', abi: 2 }],
    [{ size: 0 }, { code: 'invalid-module-manifest', reason: 'size' }],
    [{ size: 524_289 }, { code: 'module-too-large', limitBytes: 524_288, actualBytes: 524_289 }],
    [{ fuel: 0 }, { code: 'invalid-module-manifest', reason: 'fuel' }],
    [{ pages: 0 }, { code: 'invalid-module-manifest', reason: 'pages' }],
    [{ pages: 257 }, { code: 'invalid-module-manifest', reason: 'pages' }],
    [{ previous: hashOf('ledger 0') }, { code: 'wrong-previous-version', previous: undefined }],
    [{ notBefore: START_MS + 1 }, { code: 'module-not-yet-valid', notBefore: START_MS + 1 }],
    [{ expiresAt: START_MS }, { code: 'module-expired', expiresAt: START_MS }],
  ])('[AR5, AR6, AR8, AR9] with %o is refused', (fields, refusal) => {
    expect(refused(newRegistry(), fields)).toEqual(refusal);
  });

  test('[AR6] at every bound is taken', () => {
    const bounds = { name: `a.b-${'c'.repeat(60)}`, size: 524_288, pages: 256, version: 0xffff_ffff };
    expect(refused(newRegistry(), bounds)).toBeUndefined();
  });

  test('[AR8] comes after all earlier versions of its name and names the newest', () => {
    const log = newRegistry();
    const second = { version: 3, previous: hashOf('ledger 1'), hash: hashOf('ledger 3') };
    log.append(registrar, modulePublished, publicationOf(log));
    expect(refused(log, {})).toEqual({ code: 'module-already-published', at: 1 });
    expect(refused(log, { ...second, name: 'other', hash: hashOf('ledger 1') })).toEqual({
      code: 'module-already-published',
      at: 1,
    });
    log.append(registrar, modulePublished, publicationOf(log, [ada, ben], second));
    for (const version of [1, 2, 3]) {
      expect(refused(log, { version, previous: hashOf('ledger 3'), hash: hashOf('x') })).toEqual({
        code: 'module-version-not-rising',
        version: 3,
      });
    }
    for (const previous of [undefined, hashOf('ledger 1')]) {
      expect(refused(log, { version: 4, previous, hash: hashOf('x') })).toEqual({
        code: 'wrong-previous-version',
        previous: hashOf('ledger 3'),
      });
    }
    expect(refused(log, { version: 4, previous: hashOf('ledger 3'), hash: hashOf('x') })).toBeUndefined();
    expect(refused(log, { name: 'approval', hash: hashOf('approval') })).toBeUndefined();
  });

  test('[AR9] is judged by the time of its entry', () => {
    const log = newRegistry();
    const body = publicationOf(log, [ada, ben], { notBefore: START_MS + DAY_MS, expiresAt: START_MS + 2 * DAY_MS });
    const at = (time: number) => {
      log.time = time;
      return refusalOf(log, modulePublished, body)?.code;
    };
    expect([DAY_MS - 1, DAY_MS, 2 * DAY_MS - 1, 2 * DAY_MS].map((ms) => at(START_MS + ms))).toEqual([
      'module-not-yet-valid',
      undefined,
      undefined,
      'module-expired',
    ]);
  });

  test('[AR10] of a module that was revoked before is refused', () => {
    const log = newRegistry();
    log.append(registrar, moduleRevoked, revocationOf(log, [ada, cleo], { modules: [hashOf('ledger 1')] }));
    expect(refused(log, {})).toEqual({ code: 'module-revoked', at: 1 });
  });
});

describe('a revocation', () => {
  test('[AR10] takes modules and keys back for good', () => {
    const log = newRegistry();
    log.append(registrar, modulePublished, publicationOf(log));
    const body = revocationOf(log, [ada, ben], { modules: [hashOf('ledger 1'), hashOf('x')], keys: [cleo.key] });
    const index = log.append(registrar, moduleRevoked, body);
    const { revokedModules, revokedKeys } = log.registry;
    expect(revokedModules.map(({ hash }) => hash)).toEqual(
      [hashOf('ledger 1'), hashOf('x')].sort((a, b) => Buffer.compare(a, b)),
    );
    expect(revokedKeys).toEqual([{ key: cleo.key, index }]);
    expect(refusalOf(log, moduleRevoked, body)).toEqual({ code: 'already-revoked' });
    expect(parseState(encodeState(log.state))).toEqual(log.state);
  });

  test('[AR10] names something, once, in this registry and epoch', () => {
    const log = newRegistry();
    const refused = (fields: Parameters<typeof revocationOf>[2]) =>
      refusalOf(log, moduleRevoked, revocationOf(log, [ada, ben], fields));
    expect(refused({})).toEqual({ code: 'nothing-revoked' });
    expect(refused({ modules: [hashOf('x'), hashOf('x')] })).toEqual({ code: 'already-revoked' });
    expect(refused({ keys: [dora.key, dora.key] })).toEqual({ code: 'already-revoked' });
    expect(refused({ registry: hashOf('another') })).toEqual({ code: 'wrong-registry' });
    expect(refused({ adminEpoch: 2 })).toEqual({ code: 'wrong-admin-epoch', epoch: 1 });
  });

  test('[AR10] leaves enough admins to sign for the next root', () => {
    const log = newRegistry();
    expect(refusalOf(log, moduleRevoked, revocationOf(log, [ada, ben], { keys: [ada.key, cleo.key] }))).toEqual({
      code: 'too-few-admins',
      threshold: 2,
      left: 1,
    });
    log.append(registrar, moduleRevoked, revocationOf(log, [ada, ben], { keys: [cleo.key] }));
    expect(refusalOf(log, moduleRevoked, revocationOf(log, [ada, ben], { keys: [ben.key] }))).toMatchObject({
      code: 'too-few-admins',
    });
  });
});

describe('an audit of a registry', () => {
  test('[AU1] finds nothing wrong with a log that the rules let through, and the entry that they do not', async () => {
    const log = newRegistry();
    log.append(registrar, modulePublished, publicationOf(log));
    log.append(ada, adminsRotated, rotationOf(log, [ada, ben]));
    log.append(dora, moduleRevoked, revocationOf(log, [ben, dora], { adminEpoch: 2, modules: [hashOf('ledger 1')] }));
    const audit = async () => {
      const subject = { chain: log.chain, batches: [log.entries], checkpoint: () => '' };
      const result = await auditStateIntegrity(subject, (jobs) => jobs.map(() => true));
      return result.ok ? 'sound' : result.error;
    };
    // Replay went through to the end: what is missing is a checkpoint.
    expect(await audit()).toMatchObject({ code: 'note-malformed' });
    const second = { adminEpoch: 2, version: 2, previous: hashOf('ledger 1'), hash: hashOf('ledger 2') };
    log.force(ada, log.event(ada, modulePublished, publicationOf(log, [ada], second)));
    expect(await audit()).toMatchObject({ code: 'forbidden-entry', index: 4, rule: 'threshold-not-met' });
  });
});

/** What a registry should make of publications, told again in the plainest way. */
interface Model {
  newest: number;
  previous: Uint8Array | undefined;
}

describe('[ST4] a registry under any sequence of publications', () => {
  const step = fc.record({
    version: fc.integer({ min: 1, max: 6 }),
    follows: fc.boolean(),
    signers: fc.shuffledSubarray([ada, ben, cleo, stranger]),
  });

  test('[AR4, AR8] takes what two or more admins and nobody else signed, with rising versions', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const log = newRegistry();
        const model: Model = { newest: 0, previous: undefined };
        for (const [i, { version, follows, signers }] of steps.entries()) {
          const hash = hashOf(`ledger ${i}`);
          const previous = follows ? model.previous : hashOf('another');
          const body = publicationOf(log, signers, { version, previous, hash });
          const isTaken =
            version > model.newest && follows && signers.length >= 2 && !signers.some((who) => who === stranger);
          expect(refusalOf(log, modulePublished, body) === undefined).toBe(isTaken);
          if (!isTaken) continue;
          log.append(registrar, modulePublished, body);
          Object.assign(model, { newest: version, previous: hash });
        }
      }),
      { numRuns: 12 },
    );
  });
});
