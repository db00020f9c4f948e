import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { chainIdOf, encode, eventTbs, parseChainId } from '../../../core/index.ts';
import { groupGenesis, hashOf } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const alice = actorNamed('alice');
const tbs = encode(eventTbs, new LogBuilder(alice).genesisEvent(alice, groupGenesis()));
const signature = new Uint8Array(64).fill(3);

describe('a chain id', () => {
  test('[CH2] is SHA-256 of label, genesis and signature', () => {
    const expected = createHash('sha256').update('TeraChat Chain v1').update(tbs).update(signature).digest();
    expect(Buffer.from(chainIdOf({ tbs, signature })).equals(expected)).toBe(true);
  });

  test('[CH2] is another for another nonce, founder or signature', () => {
    const event = (founder: string, nonce: string) =>
      encode(
        eventTbs,
        new LogBuilder(alice).genesisEvent(actorNamed(founder), groupGenesis('plain', { nonce: hashOf(nonce) })),
      );
    const ids = [
      chainIdOf({ tbs: event('alice', 'a'), signature }),
      chainIdOf({ tbs: event('alice', 'b'), signature }),
      chainIdOf({ tbs: event('bob', 'a'), signature }),
      chainIdOf({ tbs: event('alice', 'a'), signature: new Uint8Array(64) }),
    ];
    expect(new Set(ids.map((id) => Buffer.from(id).toString('hex'))).size).toBe(4);
  });

  test('[CH2] has 32 bytes', () => {
    const bytes = new Uint8Array(32);
    expect(parseChainId(bytes)).toBe(bytes);
    expect([31, 33, 0].map((length) => parseChainId(new Uint8Array(length)))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(parseChainId(undefined)).toBeUndefined();
  });
});
