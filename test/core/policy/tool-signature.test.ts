import { createHash, createPublicKey, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { embedToolSignature, signEd25519, toolSignatureMessage, verifyModuleStatically } from '../../../core/index.ts';
import { actorNamed } from '../../../scripts/vectors/log-builder.ts';
import { readSample } from '../../policies/sample.ts';
import { verified } from './verified.ts';

const { seed, key } = actorNamed('ada');

test('[AR20] an exported signature has the layout of the tool conventions, verifies, and changes nothing else', () => {
  const module = verified(readSample('ledger'));
  const signed = Buffer.from(
    embedToolSignature(module, { key, signature: signEd25519(seed, toolSignatureMessage(module)) }),
  );
  // Read as the layout has it, without what wrote it: 148 bytes of a custom section that is called so.
  expect([...signed.subarray(8, 11)]).toEqual([0, 148, 1]);
  expect(signed.subarray(11, 21).toString()).toBe('\tsignature');
  const section = signed.subarray(21, 11 + 148);
  const rest = signed.subarray(11 + 148);
  expect(Buffer.concat([signed.subarray(0, 8), rest])).toEqual(Buffer.from(module.bytes));
  const [head, hash] = [section.subarray(0, 5), section.subarray(5, 37)];
  expect([...head]).toEqual([1, 1, 1, 1, 1]);
  expect(hash).toEqual(createHash('sha256').update(rest).digest());
  expect([...section.subarray(37, 40)]).toEqual([1, 33, 1]);
  const x = section.subarray(40, 72).toString('base64url');
  expect([...section.subarray(72, 74)]).toEqual([1, 64]);
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const message = Buffer.concat([Buffer.from('wasmsig\x01\x01\x01'), hash]);
  expect(verify(null, message, publicKey, section.subarray(74))).toBe(true);
  // It is a policy module still, and another one.
  expect(verifyModuleStatically(new Uint8Array(signed))).toMatchObject({ ok: true });
});
