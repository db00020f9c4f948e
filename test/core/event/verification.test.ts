import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  createSignatureChecker,
  eventSignContent,
  eventVerifyJob,
  keepVerified,
  parseSignedEvent,
  satisfiesEquation,
  signEd25519,
  type SignedEvent,
} from '../../../core/index.ts';
import { encode, eventTbs, groupMessage } from '../../../core/index.ts';
import { messageBody } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const [alice, mallory] = [actorNamed('alice'), actorNamed('mallory')];
const log = new LogBuilder(alice);
const tbs = encode(eventTbs, log.event(alice, groupMessage, messageBody));

function signedBy(seed: Uint8Array, bytes = tbs, label?: Uint8Array): SignedEvent {
  const parsed = parseSignedEvent(bytes, signEd25519(seed, label ?? eventSignContent(bytes)));
  if (!parsed.ok) throw new Error(parsed.error.code);
  return parsed.value;
}

const checker = createSignatureChecker({ verifyBatch: (jobs) => jobs.map(satisfiesEquation) });
const isKept = (events: readonly SignedEvent[]) =>
  keepVerified(events, checker.check(events.map(eventVerifyJob))).map((event) => event !== undefined);

describe('the signature of an event', () => {
  test('[EV1] covers label and event, as another implementation of Ed25519 sees it', () => {
    const { signature } = signedBy(alice.seed);
    const label = Buffer.from('TeraChat Event v1');
    const length = Buffer.from([0x40 | (tbs.length >> 8), tbs.length & 0xff]);
    const content = Buffer.concat([Buffer.of(label.length), label, length, tbs]);
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), alice.key]);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, content, key, signature)).toBe(true);
  });

  test('[AP4] is by the actor that the event names, over exactly its bytes', () => {
    const honest = signedBy(alice.seed);
    const forged = signedBy(mallory.seed);
    const bare = signedBy(alice.seed, tbs, tbs);
    const moved = { ...honest, tbs: Uint8Array.of(...tbs.subarray(0, -1), 0xff) };
    expect(isKept([honest, forged, bare, moved, honest])).toEqual([true, false, false, false, true]);
  });

  test('[EN8] is checked over the bytes that came, not over bytes encoded again', () => {
    const signed = signedBy(alice.seed);
    expect(eventVerifyJob({ ...signed, event: { ...signed.event, actorTime: 1 } }).message).toEqual(
      eventSignContent(tbs),
    );
  });

  test('[AP4] counts only with a verdict of its own', () => {
    expect(() => keepVerified([signedBy(alice.seed)], [])).toThrow('one verdict per event');
    expect(() => keepVerified([], [true])).toThrow('one verdict per event');
  });
});
