import {
  encode,
  entryCodec,
  equalBytes,
  leafHash,
  type AppendAnswer,
  type CommitBundle,
  type Submission,
} from '../../core/index.ts';
import { NetworkError, RelayProblem, UntrustedError, UsageError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import type { RelayClient } from '../relay-client.ts';
import { claimedSize } from './catch-up.ts';
import type { ChainFollower, FollowedChain } from './chain-follower.ts';
import { receiptsOf, type Receipt } from './receipt.ts';
import { isFateUnknown, resendUntilKnown } from './resend.ts';
import { signEvent, type Signing } from './sign-event.ts';

/** An event before it is signed: what is done, not yet after what and when. */
export interface EventDraft {
  readonly type: number;
  readonly body: Uint8Array;
  readonly payload?: Uint8Array;
  /** The same id over all attempts, so that none of them can count twice. */
  readonly eventId: Uint8Array;
}

/** An event in the log, verified there. */
export interface Delivery {
  readonly index: number;
  readonly relayTime: number;
}

export interface SendContext {
  readonly client: RelayClient;
  readonly platform: Platform;
}

/** What became of one of several events. */
export type DeliveryOutcome = Delivery | RelayProblem;

/** How often an event is signed anew because another came first. */
const MAX_SIGNINGS = 8;
/** Refusals that a look at the log and a new signature may heal. */
const OUTRUN: ReadonlySet<string> = new Set(['stale-parent', 'unknown-parent', 'seen-too-old']);

/** Where submissions go: the relay's HTTP route, or a socket that is open anyway. */
export type Submit = (submissions: readonly Submission[], signal: AbortSignal | undefined) => Promise<AppendAnswer>;

/** Sends signed events, and reports them delivered once the verified log shows them (`CL6`). */
export class ChainWriter {
  readonly #context: SendContext;
  readonly #follower: ChainFollower;
  readonly #submit: Submit;

  constructor(context: SendContext, follower: ChainFollower, submit?: Submit) {
    this.#context = context;
    this.#follower = follower;
    this.#submit = submit ?? ((items, signal) => context.client.append(follower.chain, items, signal));
  }

  /** Brings a new chain to the relay. A genesis that it has already is confirmed like a new one. */
  async found(genesis: Submission, signal?: AbortSignal): Promise<Delivery> {
    const { client, platform } = this.#context;
    const answer = await resendUntilKnown(() => client.found(genesis, signal), platform, signal);
    return soleDelivery(await this.#confirm([genesis], answer, signal));
  }

  /** Signs, sends and verifies; signs anew where another event came first. */
  async append(draft: EventDraft, signing: Signing, signal?: AbortSignal): Promise<Delivery> {
    for (let attempt = 0; attempt < MAX_SIGNINGS; attempt++) {
      const submission = await signDraft(draft, await this.#follower.known(signal), signing);
      try {
        return await this.deliver(submission, signal);
      } catch (error) {
        if (!(error instanceof RelayProblem) || !OUTRUN.has(error.code)) throw error;
        await this.#follower.catchUp(signal);
      }
    }
    throw new UsageError('append-contended', `${MAX_SIGNINGS} attempts to append were outrun`);
  }

  /** Sends one signed event until its fate is known, then reads on until the log shows it. */
  async deliver(submission: Submission, signal?: AbortSignal): Promise<Delivery> {
    return soleDelivery(await this.deliverAll([submission], signal));
  }

  /** The same for several at once: they come to stand in their order, and each is delivered or refused by itself. */
  async deliverAll(submissions: readonly Submission[], signal?: AbortSignal): Promise<readonly DeliveryOutcome[]> {
    try {
      const answer = await resendUntilKnown(() => this.#submit(submissions, signal), this.#context.platform, signal);
      return await this.#confirm(submissions, answer, signal);
    } catch (error) {
      // The refusal of one that comes alone answers the whole request.
      if (submissions.length !== 1 || !(error instanceof RelayProblem) || isFateUnknown(error)) throw error;
      return [error];
    }
  }

  async deliverCommit(bundle: CommitBundle, signal?: AbortSignal): Promise<Delivery> {
    const { client, platform } = this.#context;
    const send = (): Promise<AppendAnswer> => client.commit(this.#follower.chain, bundle, signal);
    const { event, signature, commit } = bundle;
    const submission = { event, signature, payload: commit.length === 0 ? undefined : commit };
    return soleDelivery(await this.#confirm([submission], await resendUntilKnown(send, platform, signal), signal));
  }

  /**
   * A refusal on the way to the log says nothing of events that are acknowledged: to whoever sent them it is an answer that
   * did not come, so that nobody forgets what is there, or the keys that it has changed.
   */
  async #confirm(
    submissions: readonly Submission[],
    answer: AppendAnswer,
    signal: AbortSignal | undefined,
  ): Promise<readonly DeliveryOutcome[]> {
    try {
      return await this.#verify(submissions, answer, signal);
    } catch (error) {
      if (!(error instanceof RelayProblem)) throw error;
      throw new NetworkError('unreachable', `the log can't be read to verify a receipt: ${error.message}`, error);
    }
  }

  /** A receipt counts once its entry stands in the log that was verified, at its index, and its checkpoint fits that log. */
  async #verify(
    submissions: readonly Submission[],
    answer: AppendAnswer,
    signal: AbortSignal | undefined,
  ): Promise<readonly DeliveryOutcome[]> {
    const { checkpoint } = answer;
    const receipts = receiptsOf(answer, submissions.length);
    const outcomes = submissions.map((submission, i) =>
      promisedEntry(submission, receipts[i] as Receipt | RelayProblem),
    );
    const promised = outcomes.filter((outcome): outcome is PromisedEntry => !(outcome instanceof RelayProblem));
    if (await this.#areNext(promised, checkpoint)) {
      // Nothing came in between, so the entries that are at hand are all that catching up would bring.
      const entries = promised.map(({ entry, payload }) => ({ entry, payload }));
      await this.#follower.take({ entries, checkpoint }, signal);
    } else if (promised.length > 0) {
      const known = await this.#follower.current();
      if (known === undefined || known.cursor.size < claimedSize(checkpoint)) await this.#follower.catchUp(signal);
      await this.#follower.take({ entries: [], checkpoint }, signal);
    }
    return outcomes.map((outcome) => (outcome instanceof RelayProblem ? outcome : this.#deliveryOf(outcome)));
  }

  #deliveryOf({ index, relayTime, entry }: PromisedEntry): Delivery {
    const logged = this.#follower.leafAt(index);
    if (logged !== undefined && equalBytes(logged, leafHash(entry))) return { index, relayTime };
    throw new UntrustedError('receipt-mismatch', `the log does not hold what was acknowledged at ${index}`, index);
  }

  /** Whether these entries, in this order, are all that the log has beyond what was verified. */
  async #areNext(promised: readonly PromisedEntry[], checkpoint: string): Promise<boolean> {
    const [first] = promised;
    if (first === undefined) return false;
    const known = await this.#follower.current();
    const follows =
      known === undefined
        ? first.index === 0
        : known.cursor.size === first.index && equalBytes(known.cursor.head, first.prev);
    const isRow = promised.every(({ index }, i) => index === first.index + i);
    return follows && isRow && claimedSize(checkpoint) === first.index + promised.length;
  }
}

/** An entry as a receipt says that it stands in the log. */
interface PromisedEntry extends Receipt {
  readonly entry: Uint8Array;
  readonly payload: Uint8Array | undefined;
}

function promisedEntry(
  { event, signature, payload }: Submission,
  receipt: Receipt | RelayProblem,
): PromisedEntry | RelayProblem {
  if (receipt instanceof RelayProblem) return receipt;
  return { ...receipt, payload, entry: encode(entryCodec, { ...receipt, event, signature }) };
}

function soleDelivery([outcome]: readonly DeliveryOutcome[]): Delivery {
  if (outcome === undefined) throw new Error('one submission has one outcome');
  if (outcome instanceof RelayProblem) throw outcome;
  return outcome;
}

/** The draft as an event after everything that was verified. */
export async function signDraft(
  { type, body, payload, eventId }: EventDraft,
  { cursor }: FollowedChain,
  signing: Signing,
): Promise<Submission> {
  const { chain, size, head } = cursor;
  const signed = await signEvent({ chain, seenIndex: size - 1, seenHash: head, type, body, eventId }, signing);
  return { ...signed, payload };
}
