import { randomFillSync } from 'node:crypto';
import {
  appendAnswer,
  encode,
  err,
  EVENT_ID_BYTES,
  mlsProposal,
  ok,
  type AppendAnswer,
  type AppendRequest,
  type Result,
} from '../../core/index.ts';
import { MAX_SENDER_PROPOSALS } from '../../core/mls/index.ts';
import {
  completeRefusals,
  hasRevokedLeaves,
  isStrangersNews,
  outcomesOf,
  parseAppend,
  removalOfRevoked,
  screenCommit,
  screenModulePost,
  screenProposal,
  screenSubmissions,
  type Answer,
  type AppendLimits,
  type Candidate,
  type CheckSignatures,
  type Decision,
  type Quotable,
  type RelayActor,
  type RelayRefusal,
  type Screened,
} from '../../relay/index.ts';
import { measureOutcomes, measureRefused } from '../metrics/event-measures.ts';
import { reportIncident } from '../platform/incident.ts';
import type { ChainLog } from './chain-log.ts';
import type { FollowedChains } from './followed-chains.ts';
import type { GroupInForce } from './group-in-force.ts';
import type { Sequencer } from './sequencer.ts';

/** `AP14`: a few flushes later there is room again. */
const RETRY_MS = 1_000;
const QUEUE_FULL = { code: 'rate-limited', limit: 'waiting-events', retryAfterMs: 1_000 } as const;

export interface AppendHost {
  readonly group: GroupInForce;
  readonly log: ChainLog;
  readonly sequencer: Sequencer;
  readonly quotes: Quotable;
  /** The signed checkpoint of the log's first `size` entries. */
  readonly checkpointAt: (size: number) => string;
  readonly check: CheckSignatures;
  /** Public half, 32 bytes. */
  readonly claimTokenKey: Uint8Array;
  /** Who proposes removals (`NA16`). */
  readonly actor: RelayActor;
  readonly followed: Pick<FollowedChains, 'confirmFor' | 'isLapsedFor'>;
  readonly limits: AppendLimits;
  readonly clock: () => number;
}

/** The way into the log: screened before the queue, decided in the flush, answered with receipts. */
export class ChainAppends {
  readonly #host: AppendHost;

  constructor(host: AppendHost) {
    this.#host = host;
  }

  /** An encoded AppendRequest, answered with an encoded AppendAnswer. */
  async appendBody(body: Uint8Array, from: string | undefined): Promise<Answer> {
    const request = parseAppend(body);
    if (!request.ok) return this.#refuse(request.error, from);
    const answer = await this.append(request.value, from);
    return answer.ok ? ok(encode(appendAnswer, answer.value)) : answer;
  }

  /** Each submission stands or falls alone; the answer keeps their order. `from` is an address or a stream's actor, if known. */
  async append({ submissions }: AppendRequest, from: string | undefined): Promise<Result<AppendAnswer, RelayRefusal>> {
    const { sequencer, check, limits, clock } = this.#host;
    const now = clock();
    const refusal = limits.checkSender(from, now);
    if (refusal !== undefined) return err(refusal);
    const { chain } = sequencer.head;
    const metered = limits.meter(screenSubmissions(submissions, chain, check), now);
    const confirmed = metered.some((one) => this.#mustAsk(one)) ? await this.#confirm(metered) : metered;
    return this.#sequence(
      confirmed.map((one) => this.#judge(one)),
      from,
    );
  }

  /** A bundle is refused as a whole, with the problem itself instead of an outcome that holds it. */
  async commit(body: Uint8Array, from: string | undefined): Promise<Answer> {
    const { group, log, sequencer, quotes, check, claimTokenKey, clock, limits } = this.#host;
    const refusal = limits.checkSender(from, clock());
    if (refusal !== undefined) return err(refusal);
    const { head } = sequencer;
    const followedGroup = () => group.current();
    const context = { head, log, clock: clock(), check, claimTokenKey, followedGroup, quotes, limits };
    const candidate = screenCommit(body, context);
    if (!candidate.ok) return this.#refuse(candidate.error, from);
    const [confirmed] = this.#mustAsk(candidate) ? await this.#confirm([candidate]) : [];
    if (confirmed?.ok === false) return this.#refuse(confirmed.error, from);
    return this.#appendWhole(candidate.value, from);
  }

  async #appendWhole(candidate: Candidate, from: string | undefined): Promise<Answer> {
    const decided = await this.#decide([candidate]);
    if (!decided.ok) return decided;
    const { decisions, checkpoint } = decided.value;
    const [decision] = decisions;
    if (decision?.kind === 'refused') return this.#refuse(decision.refusal, from);
    if (decision?.kind === 'accepted') this.#host.group.enterEpoch(candidate);
    const screened = [ok(candidate)];
    measureOutcomes(screened, decisions);
    return ok(encode(appendAnswer, { outcomes: outcomesOf(screened, decisions), checkpoint }));
  }

  /** A module is refused as a whole too: an encoded ModuleSubmission, answered with an encoded AppendAnswer. */
  async publish(body: Uint8Array, from: string | undefined): Promise<Answer> {
    const { log, sequencer, check, clock, limits } = this.#host;
    const refusal = limits.checkSender(from, clock());
    if (refusal !== undefined) return err(refusal);
    const candidate = screenModulePost(body, { head: sequencer.head, log, clock: clock(), check, limits });
    return candidate.ok ? this.#appendWhole(candidate.value, from) : this.#refuse(candidate.error, from);
  }

  /** Job step: proposes the removal of revoked devices, each once an epoch (`NA16`). */
  async proposeRemovals(now: number): Promise<number | undefined> {
    const { actor, clock, group, sequencer } = this.#host;
    for (let made = 0; made < MAX_SENDER_PROPOSALS; made++) {
      const { head } = sequencer;
      const judgedBy = hasRevokedLeaves(head.state) ? group.withUnderWay() : undefined;
      if (judgedBy === undefined) return undefined;
      const eventId = randomFillSync(new Uint8Array(EVENT_ID_BYTES));
      const candidate = removalOfRevoked(head, judgedBy, { actor, eventId, clock: clock() });
      if (candidate?.proposal === undefined) return undefined;
      group.begin(candidate);
      const decided = await this.#decide([candidate]);
      group.settle([candidate], decided.ok ? decided.value.decisions : []);
      // A commit may have come first; the new epoch is looked at anew.
      if (!decided.ok) return now + RETRY_MS;
    }
    return undefined;
  }

  #mustAsk(screened: Screened): boolean {
    return screened.ok && this.#host.followed.isLapsedFor(screened.value.signed.event);
  }

  /** `NA11`, `PB14`: by what their accounts and the registry say now. What was revoked is refused by the rules, what can't be known here. */
  #confirm(screened: readonly Screened[]): Promise<readonly Screened[]> {
    return Promise.all(
      screened.map(async (one) => {
        if (!one.ok || !this.#mustAsk(one)) return one;
        const isConfirmed = await this.#host.followed.confirmFor(one.value.signed.event);
        return isConfirmed ? one : err({ code: 'unavailable' } as const);
      }),
    );
  }

  /** Proposals are judged one after the other, each beside those before it. */
  #judge(screened: Screened): Screened {
    if (screened.ok && isStrangersNews(this.#host.sequencer.head.state, screened.value.signed.event)) {
      return err({ code: 'not-permitted' });
    }
    if (!screened.ok || screened.value.signed.event.type !== mlsProposal.type) return screened;
    const { group, log, sequencer, check, clock, limits } = this.#host;
    const followedGroup = () => group.withUnderWay();
    const context = { head: sequencer.head, log, clock: clock(), check, followedGroup, limits };
    const judged = screenProposal(screened.value, context);
    if (judged.ok) group.begin(judged.value);
    return judged;
  }

  async #sequence(
    screened: readonly Screened[],
    from: string | undefined,
  ): Promise<Result<AppendAnswer, RelayRefusal>> {
    const candidates = screened.flatMap((one) => (one.ok ? [one.value] : []));
    const decided = await this.#decide(candidates);
    this.#host.group.settle(candidates, decided.ok ? decided.value.decisions : []);
    if (!decided.ok) return decided;
    const { decisions, checkpoint } = decided.value;
    this.#host.limits.countRefused(from, refusalCodes(screened, decisions), this.#host.clock());
    measureOutcomes(screened, decisions);
    return ok({ outcomes: outcomesOf(screened, decisions), checkpoint });
  }

  async #decide(
    candidates: readonly Candidate[],
  ): Promise<Result<{ decisions: readonly Decision[]; checkpoint: string }, RelayRefusal>> {
    const { sequencer, quotes } = this.#host;
    if (!sequencer.hasRoomFor(candidates.length)) return err(QUEUE_FULL);
    try {
      const { decisions, checkpoint } = await sequencer.submit(candidates);
      const completed = completeRefusals(candidates, decisions, sequencer.head, quotes);
      return ok({ decisions: completed, checkpoint: this.#covering(decisions, checkpoint) });
    } catch (cause) {
      reportIncident('append-failed', cause);
      return err({ code: 'unavailable' });
    }
  }

  #refuse(refusal: RelayRefusal, from: string | undefined): Result<never, RelayRefusal> {
    measureRefused(refusal);
    this.#host.limits.countRefused(from, [refusal.code], this.#host.clock());
    return err(refusal);
  }

  /**
   * Covers what is acknowledged and no more (`WI6`). Anyone can send what is refused, and who was removed can send again
   * what others once signed: neither is told how the log has grown.
   */
  #covering(decisions: readonly Decision[], newest: string): string {
    if (decisions.some(({ kind }) => kind === 'accepted')) return newest;
    const sizes = decisions.map((decision) => (decision.kind === 'repeated' ? decision.receipt.index + 1 : 0));
    const size = Math.max(0, ...sizes);
    return size === 0 ? '' : this.#host.checkpointAt(size);
  }
}

/** Why submissions were refused, before the queue and after it. */
function* refusalCodes(screened: readonly Screened[], decisions: readonly Decision[]): Generator<string> {
  for (const one of screened) if (!one.ok) yield one.error.code;
  for (const decision of decisions) if (decision.kind === 'refused') yield decision.refusal.code;
}
