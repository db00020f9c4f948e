import { describe, expect, test } from 'vitest';
import {
  adminKeyId,
  encodeAdminStatement,
  judgeStatement,
  checkStatement,
  statementSigners,
  type AdminSignature,
  type AdminStatement,
  type DsseEnvelope,
} from '../../../../core/index.ts';
import { START_MS } from '../../../../scripts/vectors/log-builder.ts';
import { hashOf } from '../../../../scripts/vectors/sample-bodies.ts';
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
} from '../../../../scripts/vectors/sample-registry.ts';

const log = newRegistry();
const state = log.state;
if (state.kind !== 'registry') throw new Error('a registry was founded');
const registry = { chain: log.chain, state: state.value };
const at = START_MS + 1_000;

function envelopeOf(statement: AdminStatement, signatures: readonly AdminSignature[]): DsseEnvelope {
  const signed = signatures.map(({ key, signature }) => ({ keyId: adminKeyId(key), signature }));
  return { ...encodeAdminStatement(statement), signatures: signed };
}

function rotated(signers: Parameters<typeof rotationOf>[1], ...more: [Parameters<typeof rotationOf>[2]?, Uint8Array?]) {
  const { rotation, signatures } = rotationOf(log, signers, ...more);
  return envelopeOf({ kind: 'rotation', value: rotation }, signatures);
}

describe('[AR18] what a registry would say to an envelope', () => {
  test('is the event that its log takes', () => {
    const revoked = revocationOf(log, [ada, ben], { modules: [hashOf('x')] });
    const published = publicationOf(log, [ben, cleo]);
    for (const envelope of [
      rotated([ada, ben]),
      envelopeOf({ kind: 'revocation', value: revoked.revocation }, revoked.signatures),
      envelopeOf({ kind: 'publication', value: published.manifest }, published.signatures),
    ]) {
      const judged = judgeStatement(envelope, registry, at);
      if (!judged.ok) throw new Error(judged.error.code);
      expect(log.refusalOf(log.event(registrar, judged.value.definition, judged.value.body))).toBeUndefined();
    }
  });

  test('names what is said before who signed it', () => {
    const stranger = rotated([dora, ada]);
    const refusals: [DsseEnvelope, string][] = [
      [rotated([], {}, hashOf('another registry')), 'wrong-registry'],
      [rotated([dora], { epoch: 3 }), 'root-out-of-order'],
      [rotated([], { expiresAt: at }), 'root-expired'],
      [rotated([], { keys: [ada.key, ada.key] }), 'invalid-admin-root'],
      [rotated([]), 'threshold-not-met'],
      [rotated([ada]), 'threshold-not-met'],
      // One of the old two, though two of the new.
      [stranger, 'threshold-not-met'],
      [rotated([ada, ben, registrar]), 'signer-unknown'],
      [{ ...rotated([ada, ben]), payloadType: 'text/plain' }, 'unsupported-statement'],
    ];
    for (const [envelope, code] of refusals) {
      expect(judgeStatement(envelope, registry, at)).toMatchObject({ ok: false, error: { code } });
    }
  });

  test('counts the keys of the root in force, and for a rotation those of the next', () => {
    const revocation = revocationOf(log, [], { keys: [ben.key] }).revocation;
    expect(statementSigners({ kind: 'revocation', value: revocation }, registry)).toEqual([ada.key, ben.key, cleo.key]);
    const { rotation } = rotationOf(log, []);
    expect(statementSigners({ kind: 'rotation', value: rotation }, registry)).toEqual([
      ada.key,
      ben.key,
      cleo.key,
      dora.key,
    ]);
  });

  test('is no without any registry for what none would take', () => {
    const { rotation } = rotationOf(log, [], { threshold: 4 });
    expect(checkStatement({ kind: 'rotation', value: rotation })).toMatchObject({ code: 'invalid-admin-root' });
    const { manifest } = publicationOf(log, [], { name: 'Ledger' });
    expect(checkStatement({ kind: 'publication', value: manifest })).toMatchObject({ code: 'invalid-module-manifest' });
    const { revocation } = revocationOf(log, []);
    expect(checkStatement({ kind: 'revocation', value: revocation })).toEqual({ code: 'nothing-revoked' });
    const sound = rotationOf(log, []).rotation;
    expect(checkStatement({ kind: 'rotation', value: sound })).toBeUndefined();
  });
});
