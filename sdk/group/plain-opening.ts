import { equalBytes } from '../../core/index.ts';
import type { VerifiedEntry } from '../chain/page-verification.ts';
import type { StorageWrite } from '../storage.ts';
import { payloadOf, type MessageBody, type PayloadSource } from './entry-content.ts';
import type { Opening, PageOpener } from './group-reader.ts';
import type { Outbox } from './outbox.ts';
import type { TimelineContent } from './stored-item.ts';

/** A plain group's payloads are what was said. */
export class PlainOpening implements Opening {
  readonly #source: PayloadSource;
  readonly #outbox: Outbox;
  readonly #self: Uint8Array;

  constructor(source: PayloadSource, outbox: Outbox, self: Uint8Array) {
    this.#source = source;
    this.#outbox = outbox;
    this.#self = self;
  }

  async begin(): Promise<PageOpener> {
    const writes: StorageWrite[] = [];
    return {
      openMessage: async (entry, body) => {
        if (equalBytes(entry.event.actor, this.#self)) writes.push(this.#outbox.drop(entry.event.eventId));
        return this.#open(entry, body);
      },
      followCommit: () => Promise.reject(new Error('a commit passed the rules of a plain group')),
      takeProposal: () => Promise.reject(new Error('a proposal passed the rules of a plain group')),
      endGroup: () => {
        throw new Error('a ReInit passed the rules of a plain group');
      },
      finish: () => writes,
    };
  }

  /** There are no keys to lose by reading on. */
  async goesOnAfter(): Promise<boolean> {
    return true;
  }

  async #open(entry: VerifiedEntry, body: MessageBody): Promise<TimelineContent> {
    const { epoch, contentType, payloadHash, payloadSize } = body;
    const bytes = await payloadOf(entry, { hash: payloadHash, size: payloadSize }, this.#source);
    return bytes === undefined
      ? { kind: 'sealed', value: { epoch, reason: 'expired' } }
      : { kind: 'message', value: { epoch, contentType, bytes } };
  }
}
