import { describe, expect, test } from 'vitest';
import {
  adminKeyId,
  encodeAdminStatement,
  formatDsseEnvelope,
  logStatement,
  modulePublished,
  readAdminStatement,
  readDsseEnvelope,
  type AdminSignature,
  type AdminStatement,
  type DsseEnvelope,
} from '../../../../core/index.ts';
import { actorNamed } from '../../../../scripts/vectors/log-builder.ts';
import { hashOf } from '../../../../scripts/vectors/sample-bodies.ts';
import {
  ada,
  ben,
  cleo,
  newRegistry,
  publicationOf,
  registrar,
  revocationOf,
  rotationOf,
} from '../../../../scripts/vectors/sample-registry.ts';

const log = newRegistry();
const keys = [ada.key, ben.key, cleo.key];

/** As it would be read from a file. */
function envelopeOf(statement: AdminStatement, signatures: readonly AdminSignature[]): DsseEnvelope {
  const signed = signatures.map(({ key, signature }) => ({ keyId: adminKeyId(key), signature }));
  const read = readDsseEnvelope(formatDsseEnvelope({ ...encodeAdminStatement(statement), signatures: signed }));
  if (!read.ok) throw new Error(read.error.reason);
  return read.value;
}

const published = publicationOf(log, [ada, ben]);
const publication = envelopeOf({ kind: 'publication', value: published.manifest }, published.signatures);

describe('an envelope of admins', () => {
  test('[AR11, AR12] becomes the event that carries it, whatever its key ids say', () => {
    const rotated = rotationOf(log, [ada, ben]);
    const revoked = revocationOf(log, [ada, ben], { modules: [hashOf('x')] });
    const envelopes = [
      publication,
      envelopeOf({ kind: 'rotation', value: rotated.rotation }, rotated.signatures),
      envelopeOf({ kind: 'revocation', value: revoked.revocation }, revoked.signatures),
    ];
    for (const [i, envelope] of envelopes.entries()) {
      const lying = envelope.signatures.map((signature) => ({ ...signature, keyId: adminKeyId(cleo.key) }));
      for (const signatures of [envelope.signatures, lying, lying.map((one) => ({ ...one, keyId: undefined }))]) {
        const logged = logStatement({ ...envelope, signatures }, keys);
        if (!logged.ok) throw new Error(logged.error.code);
        expect(logged.value.body).toEqual([published, rotated, revoked][i]);
        expect(log.refusalOf(log.event(registrar, logged.value.definition, logged.value.body))).toBeUndefined();
      }
    }
  });

  test('[AR12] is refused where a signature is of nobody who counts', () => {
    const stranger = publicationOf(log, [ada, actorNamed('stranger')]);
    const foreign = envelopeOf({ kind: 'publication', value: stranger.manifest }, stranger.signatures);
    expect(logStatement(foreign, keys)).toMatchObject({ error: { code: 'signer-unknown' } });
    const [first, second] = publication.signatures;
    const forged = { ...second!, signature: first!.signature.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) };
    expect(logStatement({ ...publication, signatures: [first!, forged] }, keys)).toEqual({
      ok: false,
      error: { code: 'admin-signature-invalid', key: ben.key },
    });
  });

  test('[AR11] says what it says by its type, and nothing by another', () => {
    expect(readAdminStatement(publication)).toEqual({
      ok: true,
      value: { kind: 'publication', value: published.manifest },
    });
    const payloadType = 'application/vnd.in-toto+json';
    expect(readAdminStatement({ ...publication, payloadType })).toEqual({
      ok: false,
      error: { code: 'unsupported-statement', payloadType },
    });
    const longer = { ...publication, payload: Uint8Array.of(...publication.payload, 0) };
    expect(readAdminStatement(longer)).toMatchObject({ error: { code: 'malformed', reason: 'trailing-bytes' } });
    expect(modulePublished.decodeBody(publication.payload).ok).toBe(false);
  });
});
