import {
  chainIdOf,
  encode,
  EVENT_ID_BYTES,
  eventSignContent,
  eventTbs,
  type ChainId,
  type Event,
  type Submission,
} from '../../core/index.ts';
import type { ActorSigner } from '../actor-signer.ts';
import type { Platform } from '../platform.ts';

/** Whose signature, and what time and chance are. */
export interface Signing {
  readonly signer: ActorSigner;
  readonly platform: Platform;
}

type Unsigned = Omit<Event, 'version' | 'actor' | 'actorTime'>;

/** Signs an event of this actor, now. */
export async function signEvent(
  unsigned: Unsigned,
  { signer, platform }: Signing,
): Promise<{ readonly event: Uint8Array; readonly signature: Uint8Array }> {
  const event = encode(eventTbs, { ...unsigned, version: 1, actor: signer.actor, actorTime: platform.now() });
  return { event, signature: await signer.sign(eventSignContent(event)) };
}

/** Signs entry 0 of a new chain. Returns the id that it gives the chain, too. */
export async function signGenesis(
  { type, body }: { readonly type: number; readonly body: Uint8Array },
  context: Signing,
): Promise<{ readonly genesis: Submission; readonly chain: ChainId }> {
  const root = { chain: new Uint8Array(0), seenIndex: 0, seenHash: new Uint8Array(32) };
  const signed = await signEvent({ ...root, type, body, eventId: newEventId(context.platform) }, context);
  const chain = chainIdOf({ tbs: signed.event, signature: signed.signature });
  return { genesis: { ...signed, payload: undefined }, chain };
}

/** Milliseconds fit six bytes until the year 10889. */
const TIME_BYTES = 6;

/** Time first, then chance (`EV5`): ids of one time lie together in a relay's index, which keeps appends to long chains cheap. */
export function newEventId({ now, randomBytes }: Pick<Platform, 'now' | 'randomBytes'>): Uint8Array {
  const id = randomBytes(EVENT_ID_BYTES);
  let rest = now();
  for (let i = TIME_BYTES - 1; i >= 0; i--) {
    id[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return id;
}

/** The time in an id that `newEventId` made, in ms since the Unix epoch. */
export function timeOfEventId(id: Uint8Array): number {
  return id.subarray(0, TIME_BYTES).reduce((time, byte) => time * 256 + byte, 0);
}
