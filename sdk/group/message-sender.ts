import {
  decodeTrusted,
  eventTbs,
  groupMessage,
  MAX_CLOCK_SKEW_MS,
  MAX_PAYLOAD_BYTES,
  sha256,
  type Submission,
} from '../../core/index.ts';
import type { ChainFollower, FollowedChain } from '../chain/chain-follower.ts';
import { signDraft, type ChainWriter, type Delivery } from '../chain/chain-writer.ts';
import { isFateUnknown } from '../chain/resend.ts';
import { passingAfter, RelayProblem, RemovedError, TeraChatError, UsageError } from '../errors.ts';
import type { StorageWrite } from '../storage.ts';
import type { GroupContext } from './group-context.ts';
import { isAsKnown, type Outbox, type OutboxRecord, type SealedRecord } from './outbox.ts';

/** Content as it travels. */
export interface SealedContent {
  readonly epoch: number;
  readonly payload: Uint8Array;
}

/** Seals one content after the other, each for its event. Nothing leaves before what it used up is stored. */
export interface Sealer {
  /** Throws a TeraChatError for content that can't be sealed; those after it still can. */
  seal(content: Uint8Array, eventId: Uint8Array): Promise<SealedContent>;
  /** What sealing has used up. */
  finish(): readonly StorageWrite[];
}

/** Called under the chain's lock, so that no two messages are sealed with one key. */
export type BeginSealing = (chain: FollowedChain) => Promise<Sealer>;

/** What became of one message: in the log; refused for good; or no longer as it was, since somebody else took it on or settled it. */
export type SendOutcome = Delivery | TeraChatError | 'changed';

export interface SentMessage {
  /** As it was when that became of it. */
  readonly record: OutboxRecord;
  readonly outcome: SendOutcome;
}

interface Sealing {
  readonly outcome: SealedRecord | TeraChatError | 'changed';
}

const NOT_SEALED: Sealing = { outcome: 'changed' };
const MAX_SEALINGS = 6;
/** Refusals that a look at the log, new keys and a new signature may heal. */
const OUTDATED: ReadonlySet<string> = new Set(['epoch-closed', 'unknown-parent', 'seen-too-old', 'future-epoch']);

/** Brings messages of the outbox to the log: seals them, stores what is about to leave, sends, and reads what became of it. */
export class MessageSender {
  readonly #context: GroupContext;
  readonly #follower: ChainFollower;
  readonly #writer: ChainWriter;
  readonly #outbox: Outbox;
  readonly #beginSealing: BeginSealing;
  readonly #onSealed: (record: OutboxRecord) => void;

  constructor(parts: {
    readonly context: GroupContext;
    readonly follower: ChainFollower;
    readonly writer: ChainWriter;
    readonly outbox: Outbox;
    readonly beginSealing: BeginSealing;
    /** Called once a message is about to leave. */
    readonly onSealed: (record: OutboxRecord) => void;
  }) {
    this.#context = parts.context;
    this.#follower = parts.follower;
    this.#writer = parts.writer;
    this.#outbox = parts.outbox;
    this.#beginSealing = parts.beginSealing;
    this.#onSealed = parts.onSealed;
  }

  /** Sends messages that have not left before, together and in their order. Rejects with what may be over the next time. */
  async sendNew(records: readonly OutboxRecord[], signal: AbortSignal): Promise<readonly SentMessage[]> {
    const sealings = await this.#seal(records, signal);
    const sealed = sealings.map(({ outcome }) => outcome).filter(isSealed);
    const outcomes = sealed.length === 0 ? [] : await this.#submit(sealed, signal);
    let next = 0;
    const sent: SentMessage[] = [];
    for (const [i, { outcome }] of sealings.entries()) {
      const record = records[i] as OutboxRecord;
      sent.push(isSealed(outcome) ? await this.#heal(outcome, outcomes[next++], signal) : { record, outcome });
    }
    return sent;
  }

  /** Sends a message again that has left before: the same bytes first, since nobody knows what became of them. */
  async sendAgain(record: SealedRecord, signal: AbortSignal): Promise<SentMessage> {
    const [outcome] = await this.#submit([record], signal);
    return this.#heal(record, outcome, signal);
  }

  async #submit(records: readonly SealedRecord[], signal: AbortSignal): Promise<readonly (Delivery | RelayProblem)[]> {
    const outcomes = await this.#writer.deliverAll(records.map(submissionOf), signal);
    for (const outcome of outcomes) {
      const isPassing = outcome instanceof RelayProblem && outcome.advice.kind === 'wait';
      if (isPassing) throw outcome;
    }
    return outcomes;
  }

  /** Reads on, seals and signs anew where that is what a refusal asks for. */
  async #heal(
    first: SealedRecord,
    refusal: Delivery | RelayProblem | undefined,
    signal: AbortSignal,
  ): Promise<SentMessage> {
    let record = first;
    let outcome = refusal;
    for (let sealing = 1; outcome instanceof RelayProblem; sealing++) {
      if (outcome.code === 'event-id-reused') {
        return { record, outcome: await this.#findDelivered(record, outcome, signal) };
      }
      if (!this.#isOutdated(outcome, record)) return { record, outcome };
      if (sealing === MAX_SEALINGS) throw outcome;
      await this.#follower.catchUp(signal);
      const [{ outcome: again } = NOT_SEALED] = await this.#seal([record], signal);
      if (!isSealed(again)) return { record, outcome: again };
      record = again;
      [outcome] = await this.#submit([record], signal);
    }
    return { record, outcome: outcome ?? 'changed' };
  }

  /** The log has this event in other bytes: an earlier attempt had arrived after all, and reading on shows it. */
  async #findDelivered(record: OutboxRecord, refusal: RelayProblem, signal: AbortSignal): Promise<SendOutcome> {
    await this.#follower.catchUp(signal);
    return (await this.#outbox.find(record.eventId)) === undefined ? 'changed' : refusal;
  }

  /** What waited for long was signed long ago; a clock that is wrong is another matter. */
  #isOutdated({ code }: RelayProblem, { stage }: SealedRecord): boolean {
    if (code !== 'clock-skew') return OUTDATED.has(code);
    const { actorTime } = decodeTrusted(eventTbs, stage.value.event);
    return this.#context.platform.now() - actorTime > MAX_CLOCK_SKEW_MS / 2;
  }

  /**
   * Under the chain's lock, stored before anything leaves. A message that was settled or cancelled meanwhile has `changed`;
   * one that another process has sealed meanwhile and those after it are left out.
   */
  async #seal(records: readonly OutboxRecord[], signal: AbortSignal): Promise<readonly Sealing[]> {
    return this.#follower.exclusive(async (chain) => {
      if (chain === undefined) throw new UsageError('unknown-group', 'nothing of the group was read yet');
      return this.#outbox.exclusive(async () => {
        const sealer = await this.#beginSealing(chain);
        const sealings: Sealing[] = [];
        for (const record of records) {
          const held = await this.#outbox.find(record.eventId);
          if (isAsKnown(held, record)) sealings.push({ outcome: await this.#sealOne(record, sealer, chain) });
          else if (held?.stage.kind !== 'sealed') sealings.push(NOT_SEALED);
          // Another process is sending it, and nothing overtakes what is under way.
          else break;
        }
        const sealed = sealings.map(({ outcome }) => outcome).filter(isSealed);
        await this.#context.storage.commit([...sealer.finish(), ...sealed.map((record) => this.#outbox.put(record))]);
        for (const record of sealed) this.#onSealed(record);
        return sealings;
      });
    }, signal);
  }

  async #sealOne(record: OutboxRecord, sealer: Sealer, chain: FollowedChain): Promise<SealedRecord | TeraChatError> {
    const { eventId, contentType, content } = record;
    try {
      const { epoch, payload } = await sealer.seal(content, eventId);
      if (payload.length > MAX_PAYLOAD_BYTES) return tooLarge(payload.length);
      const body = { epoch, contentType, payloadHash: sha256(payload), payloadSize: payload.length };
      const draft = { type: groupMessage.type, body: groupMessage.encodeBody(body), eventId };
      const { event, signature } = await signDraft(draft, chain, this.#context);
      return { ...record, stage: { kind: 'sealed', value: { event, signature, payload } } };
    } catch (error) {
      if (isVerdict(error)) return error;
      throw error;
    }
  }
}

/** Whether an error is about the message or its sender, and stays; not about the way, the storage or the whole chain. */
export function isVerdict(error: unknown): error is TeraChatError {
  const isOfThisKind = error instanceof RelayProblem || error instanceof RemovedError || error instanceof UsageError;
  return isOfThisKind && !isFateUnknown(error) && passingAfter(error) === undefined;
}

export function tooLarge(actualBytes: number): RelayProblem {
  return new RelayProblem('payload-too-large', { limitBytes: MAX_PAYLOAD_BYTES, actualBytes });
}

function isSealed(outcome: Sealing['outcome']): outcome is SealedRecord {
  return outcome !== 'changed' && !(outcome instanceof TeraChatError);
}

function submissionOf({ stage: { value } }: SealedRecord): Submission {
  return value;
}
