import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSignatureChecker, publicKeyOf, signEd25519, utf8ToBytes, type VerifyJob } from '../../core/index.ts';
import { nodeSigner, nodeVerifyBatch } from '../../sdk/node/index.ts';
import { actorSigner } from '../../sdk/actor-signer.ts';
import { webVerifyBatch } from '../../sdk/web-verify-batch.ts';
import { actorSeed } from './chain/test-log.ts';

/** Good ones, and one of each kind of bad. */
function jobs(): VerifyJob[] {
  return ['a', 'b', 'c', 'd', 'e'].map((name, i) => {
    const seed = actorSeed(name);
    const message = utf8ToBytes(`message of ${name}`);
    const signature = signEd25519(seed, message);
    const key = publicKeyOf(seed);
    if (i === 1) return { key, message: utf8ToBytes('another'), signature };
    if (i === 2) return { key, message, signature: signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) };
    if (i === 3) return { key: new Uint8Array(32).fill(2), message, signature };
    return { key, message, signature };
  });
}
const verdicts = [true, false, false, false, true];

afterEach(() => vi.restoreAllMocks());

describe('the platform’s verifier', () => {
  test('Web Crypto, node:crypto and plain TypeScript give one verdict', async () => {
    expect(nodeVerifyBatch(jobs())).toEqual(verdicts);
    expect(await webVerifyBatch()(jobs())).toEqual(verdicts);
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('no Ed25519', 'NotSupportedError'));
    expect(await webVerifyBatch()(jobs())).toEqual(verdicts);
  });

  test('more keys than are kept are no fault', async () => {
    const check = createSignatureChecker({ verifyBatch: nodeVerifyBatch, maxKeys: 2 });
    for (let round = 0; round < 3; round++) expect(check.check(jobs())).toEqual(verdicts);
  });

  test('signers of the platform and of core make the same signatures for the same actor', async () => {
    const [plain, node] = [actorSigner(actorSeed('a')), nodeSigner(actorSeed('a'))];
    expect(node.actor).toEqual(plain.actor);
    expect(node.sign(utf8ToBytes('x'))).toEqual(await plain.sign(utf8ToBytes('x')));
  });
});
