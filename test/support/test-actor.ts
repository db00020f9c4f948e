import {
  chainGenesis,
  encode,
  eventSignContent,
  eventTbs,
  groupMessage,
  MAX_RETENTION_MS,
  publicKeyOf,
  sha256,
  signEd25519,
  type ChainId,
  type Genesis,
  type Submission,
} from '../../core/index.ts';
import { bytesFor } from '../durable-objects/bytes-for.ts';

/** Where an actor has read to. */
export interface Seen {
  readonly index: number;
  readonly hash: Uint8Array;
}

export interface EventDraft {
  readonly chain: Uint8Array;
  readonly seen: Seen;
  readonly time: number;
  readonly type: number;
  readonly body: Uint8Array;
  readonly eventId?: Uint8Array;
}

export const NOTHING_SEEN: Seen = { index: 0, hash: new Uint8Array(32) };

let nextEvent = 0;
let signature = signEd25519;

/** Has all actors sign by the platform from here on: the portable signature, which is the same, takes nine times as long. */
export function signByPlatform(sign: typeof signEd25519): void {
  signature = sign;
}

/** An actor with a key of its own, made from a label. */
export class TestActor {
  readonly seed: Uint8Array;
  readonly key: Uint8Array;

  constructor(label: string) {
    this.seed = bytesFor(label, 0, 32);
    this.key = publicKeyOf(this.seed);
  }

  sign({ chain, seen, time, type, body, eventId = bytesFor('event', nextEvent++, 16) }: EventDraft): Submission {
    const event = encode(eventTbs, {
      version: 1,
      chain,
      seenIndex: seen.index,
      seenHash: seen.hash,
      actor: this.key,
      actorTime: time,
      eventId,
      type,
      body,
    });
    return { event, signature: signature(this.seed, eventSignContent(event)), payload: undefined };
  }

  genesis(parameters: Partial<Genesis>, time: number): Submission {
    const body: Genesis = {
      nonce: bytesFor('nonce', nextEvent++, 32),
      relayName: 'localhost.terachat',
      checkpointKey: publicKeyOf(new Uint8Array(32)),
      successor: { actors: [this.key], threshold: 1 },
      visibility: 'private',
      retentionMs: MAX_RETENTION_MS,
      parameters: {
        kind: 'group',
        value: { membership: 'plain', handshakes: 'public', credentials: 'bound', authenticatedData: 'required' },
      },
      ...parameters,
    };
    return this.sign({
      chain: new Uint8Array(),
      seen: NOTHING_SEEN,
      time,
      type: chainGenesis.type,
      body: chainGenesis.encodeBody(body),
    });
  }

  message(chain: ChainId, seen: Seen, time: number, payload: Uint8Array): Submission {
    const body = groupMessage.encodeBody({
      epoch: 0,
      contentType: 0,
      payloadHash: sha256(payload),
      payloadSize: payload.length,
    });
    return { ...this.sign({ chain, seen, time, type: groupMessage.type, body }), payload };
  }
}
