import {
  encode,
  entryCodec,
  equalBytes,
  leafHash,
  type AppendAnswer,
  type CommitBundle,
  type Submission,
} from '../../core/index.ts';
import { RelayProblem, UntrustedError, UsageError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import type { RelayClient } from '../relay-client.ts';
import { claimedSize } from './catch-up.ts';
import type { ChainFollower, FollowedChain } from './chain-follower.ts';
import { receiptOf } from './receipt.ts';
import { resendUntilKnown } from './resend.ts';
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
    return this.#confirm(genesis, answer, signal);
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
    const answer = await resendUntilKnown(() => this.#submit([submission], signal), this.#context.platform, signal);
    return this.#confirm(submission, answer, signal);
  }

  async deliverCommit(bundle: CommitBundle, signal?: AbortSignal): Promise<Delivery> {
    const { client, platform } = this.#context;
    const send = (): Promise<AppendAnswer> => client.commit(this.#follower.chain, bundle, signal);
    const { event, signature, commit } = bundle;
    const payload = commit.length === 0 ? undefined : commit;
    return this.#confirm({ event, signature, payload }, await resendUntilKnown(send, platform, signal), signal);
  }

  /** A receipt counts once its entry stands in the log that was verified, at its index, and its checkpoint fits that log. */
  async #confirm(submission: Submission, answer: AppendAnswer, signal: AbortSignal | undefined): Promise<Delivery> {
    const { index, relayTime, prev } = receiptOf(answer);
    const { event, signature, payload } = submission;
    const entry = encode(entryCodec, { index, relayTime, prev, event, signature });
    const { checkpoint } = answer;
    if (await this.#isNext(index, prev, checkpoint)) {
      // Nothing came in between, so the entry that is at hand is all that catching up would bring.
      await this.#follower.take({ entries: [{ entry, payload }], checkpoint }, signal);
    } else {
      const known = await this.#follower.current();
      if (known === undefined || known.cursor.size < claimedSize(checkpoint)) await this.#follower.catchUp(signal);
      await this.#follower.take({ entries: [], checkpoint }, signal);
    }
    const logged = this.#follower.leafAt(index);
    if (logged !== undefined && equalBytes(logged, leafHash(entry))) return { index, relayTime };
    throw new UntrustedError('receipt-mismatch', `the log does not hold what was acknowledged at ${index}`, index);
  }

  async #isNext(index: number, prev: Uint8Array, checkpoint: string): Promise<boolean> {
    const known = await this.#follower.current();
    const follows =
      known === undefined ? index === 0 : known.cursor.size === index && equalBytes(known.cursor.head, prev);
    return follows && claimedSize(checkpoint) === index + 1;
  }
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
