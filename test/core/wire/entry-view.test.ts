import { describe, expect, test } from 'vitest';
import {
  decodeTrusted,
  defineEvent,
  encode,
  entryCodec,
  groupMessage,
  leafHash,
  memberAdded,
  toBase64Url,
  uint8,
  viewEntry,
} from '../../../core/index.ts';
import { messageBody } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const [alice, bob] = [actorNamed('alice'), actorNamed('bob')];

describe('the view of an entry', () => {
  test('[WI3] names the type, shows the body and adds the leaf hash', () => {
    const log = new LogBuilder(alice);
    const at = log.append(alice, memberAdded, { actor: bob.key, role: 'admin' });
    const bytes = log.entries[at]!;
    expect(viewEntry(bytes)).toEqual({
      index: '1',
      prev: toBase64Url(log.leaves[0]!.hash),
      relayTime: String(log.time),
      leafHash: toBase64Url(leafHash(bytes)),
      signature: toBase64Url(new Uint8Array(64)),
      event: {
        version: 1,
        chain: toBase64Url(log.chain),
        seenIndex: '0',
        seenHash: toBase64Url(log.leaves[0]!.hash),
        actor: toBase64Url(alice.key),
        actorTime: String(log.time),
        eventId: 'AAAAAAAAAAAAAAAAAAAAAg',
        type: 'group.member-added',
        body: { actor: toBase64Url(bob.key), role: 'admin' },
      },
    });
  });

  test('[WI3] of a type that only an application knows shows its number and bytes', () => {
    const log = new LogBuilder(alice);
    log.append(alice, defineEvent({ type: 0x8abc, name: 'app.noted', body: uint8 }), 0xff);
    expect(viewEntry(log.entries[1]!)).toMatchObject({ event: { type: '0x8abc', body: '_w' } });
  });

  test('[WI3] of a body that is none of its type shows the bytes', () => {
    const log = new LogBuilder(alice);
    log.force(alice, log.rawEvent(alice, groupMessage.type, Uint8Array.of(1, 2)));
    expect(viewEntry(log.entries[1]!)).toMatchObject({ event: { type: '0x0204', body: 'AQI' } });
  });

  test('[WI3] of bytes that are no entry, or hold no event, shows them as they are', () => {
    const log = new LogBuilder(alice);
    log.append(alice, groupMessage, messageBody);
    const entry = decodeTrusted(entryCodec, log.entries[1]!);
    const eventless = encode(entryCodec, { ...entry, event: entry.event.subarray(1) });
    for (const bytes of [log.entries[1]!.subarray(0, 50), new Uint8Array(), eventless])
      expect(viewEntry(bytes)).toEqual({ malformed: toBase64Url(bytes) });
  });
});
