import { mlsProposal, sha256, type Submission } from '../../core/index.ts';
import { encodeAuthenticatedData } from '../../core/mls/index.ts';
import type { ChainFollower, FollowedChain } from '../chain/chain-follower.ts';
import { signDraft, type ChainWriter, type Delivery } from '../chain/chain-writer.ts';
import { isFateUnknown } from '../chain/resend.ts';
import { newEventId } from '../chain/sign-event.ts';
import { RelayProblem, RemovedError, UsageError } from '../errors.ts';
import { proposeLeave } from '../mls/index.ts';
import type { GroupContext } from './group-context.ts';
import { handshakesOf } from './group-state.ts';
import { assertMembership, removalOf } from './group-status.ts';
import type { GroupStatus } from './group.ts';
import type { MlsStore } from './mls-store.ts';

/** How often a proposal is made anew because a commit came first. */
const MAX_PROPOSALS = 8;

export interface LeaveParts {
  readonly context: GroupContext;
  readonly follower: ChainFollower;
  readonly writer: ChainWriter;
  readonly store: MlsStore;
  /** Reads what is new, and says how this identity stands. */
  readonly catchUp: (signal: AbortSignal | undefined) => Promise<GroupStatus>;
}

/** An identity's own wish to leave an MLS group: a proposal, since nobody can commit their own removal (RFC 9420 §12.2). */
export class MlsLeave {
  readonly #parts: LeaveParts;

  constructor(parts: LeaveParts) {
    this.#parts = parts;
  }

  /** Has the wish in the log once, however often it is asked for or outrun. */
  async propose(signal: AbortSignal | undefined): Promise<Delivery> {
    const { context, follower, writer, catchUp } = this.#parts;
    const eventId = newEventId(context.platform);
    for (let attempt = 1; attempt <= MAX_PROPOSALS; attempt++) {
      const status = await catchUp(signal);
      if (status.kind === 'leaving') return this.#deliveryOf(status.index, signal);
      assertMembership(status);
      const proposal = await follower.exclusive((chain) => this.#sign(chain, eventId), signal);
      try {
        return await writer.deliver(proposal, signal);
      } catch (error) {
        // The group moved on in between: the proposal has to be of its new epoch.
        if (!(error instanceof RelayProblem) || error.advice.kind !== 'retry' || isFateUnknown(error)) throw error;
      }
    }
    throw new UsageError('append-contended', `${MAX_PROPOSALS} proposals were outrun by commits`);
  }

  /** Of an entry that was read already. */
  async #deliveryOf(index: number, signal: AbortSignal | undefined): Promise<Delivery> {
    const { follower } = this.#parts;
    const { cursor } = await follower.known(signal);
    return { index, relayTime: follower.relayTimeAt(index) ?? cursor.relayTime };
  }

  async #sign(chain: FollowedChain | undefined, eventId: Uint8Array): Promise<Submission> {
    const { context, store } = this.#parts;
    const record = await store.load();
    if (chain === undefined || record === undefined) throw new UsageError('not-joined', 'the group was not joined yet');
    const { actor } = context.signer;
    const data = encodeAuthenticatedData({ actor, eventId });
    const made = await proposeLeave(record.state, data, handshakesOf(chain));
    if (!made.ok) throw new RemovedError(removalOf(chain.state, actor) ?? chain.cursor.size - 1);
    const { message: payload, ref: proposalRef, state } = made.value;
    if (state !== record.state) await context.storage.commit([store.put({ ...record, state })]);
    const body = mlsProposal.encodeBody({
      epoch: record.state.epoch,
      purpose: 'leave',
      proposalRef,
      proposalHash: sha256(payload),
      proposalSize: payload.length,
    });
    return signDraft({ type: mlsProposal.type, body, payload, eventId }, chain, context);
  }
}
