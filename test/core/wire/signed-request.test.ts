import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chainOrigin, contentDigest } from '../../../core/index.ts';
import { hashOf } from '../../../scripts/vectors/sample-bodies.ts';

test('[RQ1] a digest is the Content-Digest of RFC 9530, for a body without bytes too', () => {
  expect(contentDigest(new Uint8Array())).toBe('sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      expect(contentDigest(body)).toBe(`sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
    }),
  );
});

test('[CH6] the origin of a log is made of the relay name and the chain id', () => {
  expect(chainOrigin('relay.example', hashOf('nonce'))).toBe(
    `relay.example/v1/chains/${Buffer.from(hashOf('nonce')).toString('base64url')}/log`,
  );
});
