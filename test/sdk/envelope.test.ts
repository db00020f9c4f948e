import { describe, expect, test } from 'vitest';
import {
  agreementKeyOf,
  agreementSecretOf,
  createSignatureChecker,
  encode,
  opaque,
  opaqueVector,
  parseActorKey,
  publicKeyOf,
  satisfiesEquation,
  signContent,
  struct,
  uint64,
  utf8ToBytes,
  version,
  type ActorKey,
} from '../../core/index.ts';
import { actorSigner } from '../../sdk/actor-signer.ts';
import { MAX_SEALED_CONTENT_BYTES, openEnvelope, sealEnvelope } from '../../sdk/envelope.ts';
import { hpkeSeal } from '../../sdk/mls/index.ts';
import { actorSeed } from './chain/test-log.ts';

const checker = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });
const NOW = 1_800_000_000_000;
const LABEL = 'TeraChat Envelope v1';
const alice = personOf('alice');
const bob = personOf('bob');
const mallory = personOf('mallory');

function personOf(name: string) {
  const seed = actorSeed(name);
  const actor = parseActorKey(publicKeyOf(seed)) as ActorKey;
  return { actor, signer: actorSigner(seed), secret: agreementSecretOf(seed) };
}

const seal = (content: Uint8Array, to = bob, from = alice): Promise<Uint8Array> =>
  sealEnvelope(content, { recipient: to.actor, signer: from.signer, now: NOW });
const open = (envelope: Uint8Array, by = bob) =>
  openEnvelope(envelope, { recipient: by.actor, secret: by.secret, check: (jobs) => checker.check(jobs) });

/** An envelope as the specification has it, of whatever a test wants said and signed. */
async function made(said: { sender: typeof alice; signer: typeof alice; recipient: typeof bob; label?: string }) {
  const fields = { sender: said.sender.actor, sentAt: NOW, content: utf8ToBytes('forged') };
  const tbs = struct('SealedContentTBS', {
    recipient: opaque(32),
    sender: opaque(32),
    sentAt: uint64,
    content: opaqueVector(1_000),
  });
  const signed = signContent(said.label ?? LABEL, encode(tbs, { recipient: said.recipient.actor, ...fields }));
  const signature = await said.signer.signer.sign(signed);
  const content = struct('SealedContent', {
    version: version(1),
    sender: opaque(32),
    sentAt: uint64,
    content: opaqueVector(1_000),
    signature: opaque(64),
  });
  const plaintext = encode(content, { version: 1, ...fields, signature });
  const sealed = await hpkeSeal(agreementKeyOf(bob.actor), plaintext, utf8ToBytes(LABEL));
  const envelope = struct('Envelope', {
    version: version(1),
    encapsulated: opaque(32),
    ciphertext: opaqueVector(2_000),
  });
  return encode(envelope, { version: 1, ...sealed });
}

describe('an envelope', () => {
  test('[SE8] opens for its recipient alone, and names who sealed it', async () => {
    for (const length of [0, 1, MAX_SEALED_CONTENT_BYTES]) {
      const content = new Uint8Array(length).fill(7);
      expect(await open(await seal(content))).toEqual({ sender: alice.actor, sentAt: NOW, content });
    }
    expect(await open(await seal(utf8ToBytes('for bob')), mallory)).toBeUndefined();
    expect(await open(await seal(utf8ToBytes('for alice'), alice, alice), alice)).toMatchObject({
      sender: alice.actor,
    });
  });

  test('[SE8] is new each time, and no longer than the relay takes', async () => {
    const content = new Uint8Array(MAX_SEALED_CONTENT_BYTES);
    const [one, two] = [await seal(content), await seal(content)];
    expect(one).not.toEqual(two);
    expect(one.length).toBeLessThanOrEqual(65_536);
    await expect(seal(new Uint8Array(MAX_SEALED_CONTENT_BYTES + 1))).rejects.toThrow(RangeError);
  });

  test('[SE8] is what the specification says', async () => {
    const envelope = await made({ sender: alice, signer: alice, recipient: bob });
    expect(await open(envelope)).toEqual({ sender: alice.actor, sentAt: NOW, content: utf8ToBytes('forged') });
  });

  test('[SE9] counts for nothing when another signed it, for another, or for another purpose', async () => {
    expect(await open(await made({ sender: alice, signer: mallory, recipient: bob }))).toBeUndefined();
    expect(await open(await made({ sender: alice, signer: alice, recipient: mallory }))).toBeUndefined();
    expect(await open(await made({ sender: alice, signer: alice, recipient: bob, label: 'other' }))).toBeUndefined();
  });

  test('[SE9] does not open with any byte changed, cut off or added', async () => {
    const envelope = await seal(utf8ToBytes('hello'));
    for (let at = 0; at < envelope.length; at += 3) {
      const changed = envelope.slice();
      changed[at] = (changed[at] as number) ^ 1;
      expect(await open(changed), `byte ${at}`).toBeUndefined();
    }
    expect(await open(envelope.subarray(1))).toBeUndefined();
    expect(await open(envelope.subarray(0, -1))).toBeUndefined();
    expect(await open(Uint8Array.of(...envelope, 0))).toBeUndefined();
    expect(await open(new Uint8Array(0))).toBeUndefined();
  });
});
