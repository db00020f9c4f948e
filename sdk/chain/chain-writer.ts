import {
  chainIdOf,
  encode,
  entryCodec,
  equalBytes,
  EVENT_ID_BYTES,
  eventSignContent,
  eventTbs,
  isProblemCode,
  leafHash,
  type AppendAnswer,
  type ChainId,
  type CommitBundle,
  type Event,
  type Submission,
} from '../../core/index.ts';
import type { ActorSigner } from '../actor-signer.ts';
import { NetworkError, RelayProblem, UntrustedError, UsageError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import type { RelayClient } from '../relay-client.ts';
import { claimedSize, type ChainFollower, type FollowedChain } from './chain-follower.ts';

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

export interface WriteContext {
  readonly client: RelayClient;
  readonly platform: Platform;
  readonly signer: ActorSigner;
}

/** How often an event is signed anew because another came first. */
const MAX_SIGNINGS = 8;
/** Pauses before bytes whose fate is unknown are sent again. */
const RESEND_DELAYS_MS = [200, 800, 2_000] as const;

/** Refusals that a look at the log and a new signature may heal. */
const OUTRUN: ReadonlySet<string> = new Set(['stale-parent', 'unknown-parent', 'seen-too-old']);

/** Where submissions go: the relay's HTTP route, or a socket that is open anyway. */
export type Submit = (submissions: readonly Submission[], signal: AbortSignal | undefined) => Promise<AppendAnswer>;

/** Signs events over what the follower has verified, and reports them delivered once the log shows them (`CL6`). */
export class ChainWriter {
  readonly #context: WriteContext;
  readonly #follower: ChainFollower;
  readonly #submit: Submit;

  constructor(context: WriteContext, follower: ChainFollower, submit?: Submit) {
    this.#context = context;
    this.#follower = follower;
    this.#submit = submit ?? ((items, signal) => context.client.append(follower.chain, items, signal));
  }

  /** Signs, sends and verifies; signs anew where another event came first. */
  async append(draft: EventDraft, signal?: AbortSignal): Promise<Delivery> {
    for (let signing = 0; signing < MAX_SIGNINGS; signing++) {
      const submission = await this.sign(draft, await this.#seen(signal));
      try {
        return await this.deliver(submission, signal);
      } catch (error) {
        if (!(error instanceof RelayProblem) || !OUTRUN.has(error.code)) throw error;
        await this.#follower.catchUp(signal);
      }
    }
    throw new UsageError('append-contended', `${MAX_SIGNINGS} attempts to append were outrun`);
  }

  async #seen(signal: AbortSignal | undefined): Promise<FollowedChain> {
    const known = await this.#follower.current();
    if (known !== undefined) return known;
    await this.#follower.catchUp(signal);
    const found = await this.#follower.current();
    if (found === undefined) throw new UntrustedError('malformed-answer', 'the relay shows a chain without entries');
    return found;
  }

  /** The draft as this actor's event after everything that it has verified. */
  async sign({ type, body, payload, eventId }: EventDraft, { cursor }: FollowedChain): Promise<Submission> {
    const seen = { chain: this.#follower.chain, seenIndex: cursor.size - 1, seenHash: cursor.head };
    return { ...(await signEvent({ ...seen, type, body, eventId }, this.#context)), payload };
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
    const follows = known?.cursor.size === index && equalBytes(known.cursor.head, prev);
    return follows && claimedSize(checkpoint) === index + 1;
  }
}

type Unsigned = Omit<Event, 'version' | 'actor' | 'actorTime'>;

/** Signs an event of this actor, now. */
export async function signEvent(
  unsigned: Unsigned,
  { signer, platform }: Pick<WriteContext, 'signer' | 'platform'>,
): Promise<{ readonly event: Uint8Array; readonly signature: Uint8Array }> {
  const event = encode(eventTbs, { ...unsigned, version: 1, actor: signer.actor, actorTime: platform.now() });
  return { event, signature: await signer.sign(eventSignContent(event)) };
}

/** Signs entry 0 of a new chain. Returns the id that it gives the chain, too. */
export async function signGenesis(
  { type, body }: Pick<EventDraft, 'type' | 'body'>,
  context: Pick<WriteContext, 'signer' | 'platform'>,
): Promise<{ readonly genesis: Submission; readonly chain: ChainId }> {
  const root = { chain: new Uint8Array(0), seenIndex: 0, seenHash: new Uint8Array(32) };
  const signed = await signEvent({ ...root, type, body, eventId: newEventId(context.platform) }, context);
  const chain = chainIdOf({ tbs: signed.event, signature: signed.signature });
  return { genesis: { ...signed, payload: undefined }, chain };
}

export function newEventId({ randomBytes }: Pick<Platform, 'randomBytes'>): Uint8Array {
  return randomBytes(EVENT_ID_BYTES);
}

/** Sends the same bytes again while nobody knows what became of them; the event id makes that safe (`AP5`). */
export async function resendUntilKnown<T>(
  send: () => Promise<T>,
  { delay }: Pick<Platform, 'delay'>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (const delayMs of RESEND_DELAYS_MS) {
    try {
      return await send();
    } catch (error) {
      if (!isFateUnknown(error)) throw error;
      await delay(delayMs, signal);
    }
  }
  return send();
}

export function isFateUnknown(error: unknown): boolean {
  if (error instanceof RelayProblem) return error.code === 'unavailable';
  return error instanceof NetworkError && error.code !== 'not-a-relay';
}

export function receiptOf({ outcomes }: AppendAnswer): Delivery & { readonly prev: Uint8Array } {
  const [outcome] = outcomes;
  if (outcome === undefined || outcomes.length !== 1) {
    throw new UntrustedError('malformed-answer', `${outcomes.length} outcomes for one submission`);
  }
  if (outcome.kind === 'accepted') return outcome.value;
  throw refusalOf(outcome.value.problem);
}

export function refusalOf(problem: string): Error {
  const parsed: unknown = parseJson(problem);
  if (typeof parsed === 'object' && parsed !== null && 'code' in parsed && isProblemCode(parsed.code)) {
    return new RelayProblem(parsed.code, { ...parsed });
  }
  return new UntrustedError('malformed-answer', 'a refusal without a reason that is known');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
