import {
  decodeTrusted,
  eventTbs,
  groupMessage,
  MAX_CLOCK_SKEW_MS,
  MAX_PAYLOAD_BYTES,
  sha256,
  type ProblemCode,
  type Submission,
} from '../../core/index.ts';
import type { ChainFollower, FollowedChain } from '../chain/chain-follower.ts';
import { signDraft, type ChainWriter, type Delivery } from '../chain/chain-writer.ts';
import { isFateUnknown } from '../chain/resend.ts';
import { newEventId } from '../chain/sign-event.ts';
import { RelayProblem, UsageError } from '../errors.ts';
import type { StorageWrite } from '../storage.ts';
import type { GroupContext } from './group-context.ts';
import type { Outbox, OutgoingMessage } from './outbox.ts';

/** Content as it travels. */
export interface SealedContent {
  readonly epoch: number;
  readonly payload: Uint8Array;
  /** What sealing has used up, to be stored before the payload leaves. */
  readonly writes: readonly StorageWrite[];
}

/** Seals content for one event. Called under the chain's lock. */
export type SealContent = (content: Uint8Array, eventId: Uint8Array, chain: FollowedChain) => Promise<SealedContent>;

interface Draft {
  readonly eventId: Uint8Array;
  readonly createdAt: number;
  readonly contentType: number;
  readonly content: Uint8Array;
}

const MAX_SEALINGS = 6;
/** Refusals that a look at the log, new keys and a new signature may heal. */
const OUTDATED: ReadonlySet<string> = new Set(['epoch-closed', 'unknown-parent', 'seen-too-old', 'future-epoch']);

/** Sends messages: seals, stores what it is about to send, sends, and waits for the log to show it. */
export class MessageSender {
  readonly #context: GroupContext;
  readonly #follower: ChainFollower;
  readonly #writer: ChainWriter;
  readonly #outbox: Outbox;
  readonly #seal: SealContent;

  constructor(parts: {
    readonly context: GroupContext;
    readonly follower: ChainFollower;
    readonly writer: ChainWriter;
    readonly outbox: Outbox;
    readonly seal: SealContent;
  }) {
    this.#context = parts.context;
    this.#follower = parts.follower;
    this.#writer = parts.writer;
    this.#outbox = parts.outbox;
    this.#seal = parts.seal;
  }

  async send(content: Uint8Array, contentType: number, signal?: AbortSignal): Promise<Delivery> {
    const { platform } = this.#context;
    const draft = { eventId: newEventId(platform), createdAt: platform.now(), contentType, content };
    return this.#deliver(await this.#prepare(draft, signal), signal);
  }

  /** Sends again what was on its way when an earlier process ended, or when the relay could not be reached. */
  async resume(signal?: AbortSignal): Promise<void> {
    for (const message of await this.#outbox.all()) await this.#deliver(message, signal);
  }

  async #deliver(first: OutgoingMessage, signal: AbortSignal | undefined): Promise<Delivery> {
    let message = first;
    for (let sealing = 1; ; sealing++) {
      try {
        return await this.#writer.deliver(submissionOf(message), signal);
      } catch (error) {
        if (isFateUnknown(error) || signal?.aborted === true || !(error instanceof RelayProblem)) throw error;
        if (!this.#isOutdated(error.code, message) || sealing === MAX_SEALINGS) {
          await this.#context.storage.commit([this.#outbox.drop(message.eventId)]);
          throw error;
        }
        await this.#follower.catchUp(signal);
        message = await this.#prepare(message, signal);
      }
    }
  }

  /** What waited for long was signed long ago; a clock that is wrong is another matter. */
  #isOutdated(code: ProblemCode, { event }: OutgoingMessage): boolean {
    if (code !== 'clock-skew') return OUTDATED.has(code);
    return this.#context.platform.now() - decodeTrusted(eventTbs, event).actorTime > MAX_CLOCK_SKEW_MS / 2;
  }

  /** Under the lock, so that no two messages are sealed with one key; stored before anything leaves. */
  async #prepare(draft: Draft, signal: AbortSignal | undefined): Promise<OutgoingMessage> {
    return this.#follower.exclusive(async (chain) => {
      if (chain === undefined) throw new UsageError('unknown-group', 'nothing of the group was read yet');
      const { eventId, createdAt, contentType, content } = draft;
      const { epoch, payload, writes } = await this.#seal(content, eventId, chain);
      if (payload.length > MAX_PAYLOAD_BYTES) {
        throw new RelayProblem('payload-too-large', { limitBytes: MAX_PAYLOAD_BYTES, actualBytes: payload.length });
      }
      const body = { epoch, contentType, payloadHash: sha256(payload), payloadSize: payload.length };
      const event = { type: groupMessage.type, body: groupMessage.encodeBody(body), eventId };
      const { event: tbs, signature } = await signDraft(event, chain, this.#context);
      const message = { eventId, createdAt, contentType, content, event: tbs, signature, payload };
      await this.#context.storage.commit([...writes, this.#outbox.put(message)]);
      return message;
    }, signal);
  }
}

function submissionOf({ event, signature, payload }: OutgoingMessage): Submission {
  return { event, signature, payload };
}
