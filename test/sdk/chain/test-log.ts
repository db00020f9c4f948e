import {
  appendLeaf,
  chainGenesis,
  chainIdOf,
  chainOrigin,
  concatBytes,
  EMPTY_RANGE,
  encode,
  entryCodec,
  eventSignContent,
  eventTbs,
  formatCheckpoint,
  formatLogProof,
  groupMessage,
  inclusionProof,
  leafHash,
  nodeReaderOfRows,
  publicKeyOf,
  rangeFromNodes,
  rootOf,
  sha256,
  signNote,
  utf8ToBytes,
  verifierKeyOf,
  type ChainId,
  type EntryPage,
  type EventDefinition,
  type NodeReader,
} from '../../../core/index.ts';

import { nodeSigner } from '../../../sdk/node/node-crypto.ts';

export const RELAY_NAME = 'relay.example';
export const relaySeed = sha256(utf8ToBytes('relay'));
export const actorSeed = (name: string): Uint8Array => sha256(utf8ToBytes(name));
const TIME = 1_700_000_000_000;

const signers = new Map<Uint8Array, ReturnType<typeof nodeSigner>>();

/** By Node, which signs long logs ten times as fast. */
function signerOf(seed: Uint8Array): ReturnType<typeof nodeSigner> {
  const signer = signers.get(seed) ?? nodeSigner(seed);
  signers.set(seed, signer);
  return signer;
}

interface LogRow {
  readonly entry: Uint8Array;
  readonly payload: Uint8Array | undefined;
  readonly leaf: Uint8Array;
  readonly nodes: Uint8Array;
}

interface Append {
  readonly by: Uint8Array;
  readonly type: number;
  readonly body: Uint8Array;
  readonly payload?: Uint8Array;
  readonly seen?: { readonly index: number; readonly hash: Uint8Array };
  readonly eventId?: Uint8Array;
  /** Whose key signs, where it is not the actor's own. */
  readonly signedBy?: Uint8Array;
}

/**
 * A relay's log of one chain with the relay's key at hand: it sequences whatever it is told to, so that tests can make it
 * lie as a relay could.
 */
export class TestLog {
  readonly chain: ChainId;
  readonly rows: LogRow[] = [];
  #range = EMPTY_RANGE;
  #events = 0;

  private constructor(chain: ChainId) {
    this.chain = chain;
  }

  /** A plain group; `relayName` and `checkpointKey` for one of another relay. */
  static found(
    founder: Uint8Array,
    relayName = RELAY_NAME,
    checkpointKey: Uint8Array = publicKeyOf(relaySeed),
  ): TestLog {
    const body = chainGenesis.encodeBody({
      nonce: sha256(founder),
      relayName,
      checkpointKey,
      successor: { actors: [publicKeyOf(founder)], threshold: 1 },
      visibility: 'private',
      retentionMs: 86_400_000,
      parameters: {
        kind: 'group',
        value: { membership: 'plain', handshakes: 'public', credentials: 'bound', authenticatedData: 'required' },
      },
    });
    const tbs = encode(eventTbs, {
      version: 1,
      chain: new Uint8Array(0),
      seenIndex: 0,
      seenHash: new Uint8Array(32),
      actor: publicKeyOf(founder),
      actorTime: TIME,
      eventId: new Uint8Array(16),
      type: chainGenesis.type,
      body,
    });
    const signature = signerOf(founder).sign(eventSignContent(tbs));
    const log = new TestLog(chainIdOf({ tbs, signature }));
    log.#push(tbs, signature, undefined);
    return log;
  }

  get size(): number {
    return this.rows.length;
  }

  /** The same history up to `size`, to go on differently. */
  fork(size: number): TestLog {
    const other = new TestLog(this.chain);
    other.#events = 1_000_000 + this.#events;
    for (const { entry, payload } of this.rows.slice(0, size)) other.#add(entry, payload);
    return other;
  }

  say(by: Uint8Array, text: string): void {
    const payload = utf8ToBytes(text);
    const body = { epoch: 0, contentType: 0, payloadHash: sha256(payload), payloadSize: payload.length };
    this.append(groupMessage, by, body, { payload });
  }

  append<Body>(definition: EventDefinition<Body>, by: Uint8Array, body: Body, more: Partial<Append> = {}): void {
    this.appendRaw({ by, type: definition.type, body: definition.encodeBody(body), ...more });
  }

  appendRaw({ by, type, body, payload, seen, eventId, signedBy = by }: Append): void {
    const head = { index: this.size - 1, hash: this.rows.at(-1)!.leaf };
    const tbs = encode(eventTbs, {
      version: 1,
      chain: this.chain,
      seenIndex: (seen ?? head).index,
      seenHash: (seen ?? head).hash,
      actor: signerOf(by).actor,
      actorTime: TIME,
      eventId: eventId ?? sha256(utf8ToBytes(`event ${++this.#events}`)).slice(0, 16),
      type,
      body,
    });
    this.#push(tbs, signerOf(signedBy).sign(eventSignContent(tbs)), payload);
  }

  #push(event: Uint8Array, signature: Uint8Array, payload: Uint8Array | undefined): void {
    const prev = this.rows.at(-1)?.leaf ?? new Uint8Array(32);
    this.#add(encode(entryCodec, { index: this.size, prev, relayTime: TIME + this.size, event, signature }), payload);
  }

  /** Bytes as they are, in the tree like any other. */
  #add(entry: Uint8Array, payload: Uint8Array | undefined): void {
    const leaf = leafHash(entry);
    const { range, completed } = appendLeaf(this.#range, leaf);
    this.#range = range;
    this.rows.push({ entry, payload, leaf, nodes: concatBytes(...completed) });
  }

  #node(): NodeReader {
    return nodeReaderOfRows((row) => this.rows[row]?.nodes);
  }

  checkpoint(size = this.size, seed = relaySeed): string {
    return this.#sign(size, rootOf(rangeFromNodes(size, this.#node())), seed);
  }

  #sign(size: number, root: Uint8Array, seed = relaySeed): string {
    const origin = chainOrigin(RELAY_NAME, this.chain);
    const key = verifierKeyOf(origin, 'ed25519', signerOf(seed).actor);
    const text = formatCheckpoint({ origin, size, root, extensions: [] });
    return signNote(text, { key, sign: (message) => signerOf(seed).sign(message) });
  }

  page(from: number, limit = 256, size = this.size): EntryPage {
    const rows = this.rows.slice(from, Math.min(from + limit, size));
    return { entries: rows.map(({ entry, payload }) => ({ entry, payload })), checkpoint: this.checkpoint(size) };
  }

  proof(index: number, size = this.size): string {
    const path = inclusionProof(index, size, this.#node());
    return formatLogProof({ index, path, checkpoint: this.checkpoint(size) });
  }

  /** That an entry stands alone in a tree of its own, at index 0. */
  proofElsewhere(index: number): string {
    const leaf = this.rows[index]?.leaf ?? new Uint8Array(32);
    return formatLogProof({ index: 0, path: [], checkpoint: this.#sign(1, leaf) });
  }
}
