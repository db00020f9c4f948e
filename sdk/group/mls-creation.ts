import { mlsCreated, sha256, type ChainId } from '../../core/index.ts';
import type { ExternalSender, MlsSuite } from '../../core/mls/index.ts';
import type { ChainFollower } from '../chain/chain-follower.ts';
import { signDraft, type ChainWriter } from '../chain/chain-writer.ts';
import { newEventId } from '../chain/sign-event.ts';
import { RelayProblem } from '../errors.ts';
import { createGroup, makeGroupInfo, treeHashOf } from '../mls/index.ts';
import type { MlsIdentities } from '../mls-identities.ts';
import type { StorageWrite } from '../storage.ts';
import type { GroupContext } from './group-context.ts';
import { groupStateOf, handshakesOf } from './group-state.ts';
import type { MlsStore } from './mls-store.ts';

export interface CreationParts {
  readonly context: GroupContext & { readonly identities: MlsIdentities };
  readonly chain: ChainId;
  readonly follower: ChainFollower;
  readonly writer: ChainWriter;
  readonly store: MlsStore;
}

const NOTHING = new Uint8Array(0);

/** How an MLS group comes to be: its founder's keys first, and then the entry that tells everybody of them. */
export class MlsCreation {
  readonly #parts: CreationParts;

  constructor(parts: CreationParts) {
    this.#parts = parts;
  }

  /** What the founder's group begins with, to be stored before anyone hears of it. */
  async beginKeys(suite: MlsSuite, proposer: ExternalSender | undefined): Promise<readonly StorageWrite[]> {
    const { context, chain, store } = this.#parts;
    const { identities, platform } = context;
    const identity = await identities.of(suite);
    const { state } = await createGroup({ groupId: chain, identity, nowMs: platform.now(), proposer });
    const leaf = store.putOwnLeaf({ epoch: state.epoch, madeAt: platform.now() });
    return [store.put({ state, lostAt: undefined }), leaf];
  }

  /** Creates the MLS group at index 1, unless it is there: a founder that was interrupted does it later. */
  async ensureCreated(signal: AbortSignal | undefined): Promise<void> {
    const { context, follower, writer, store } = this.#parts;
    const chain = await follower.known(signal);
    const record = await store.load();
    if (groupStateOf(chain).mls !== undefined || record === undefined) return;
    // A relay that can't read handshakes has no use for what they are signed over, and must not see it (`ML103`).
    const groupInfo = handshakesOf(chain) === 'opaque' ? NOTHING : await makeGroupInfo(record.state);
    const body = mlsCreated.encodeBody({
      ciphersuite: record.state.suite,
      groupInfoHash: sha256(groupInfo),
      groupInfoSize: groupInfo.length,
      treeHash: treeHashOf(record.state),
    });
    const draft = { type: mlsCreated.type, body, eventId: newEventId(context.platform) };
    const { event, signature } = await signDraft(draft, chain, context);
    const alone = { commit: NOTHING, welcome: NOTHING, claimTokens: [] };
    try {
      await writer.deliverCommit({ event, signature, groupInfo, ...alone }, signal);
    } catch (error) {
      // An earlier attempt, whose answer was lost, has made it.
      if (!(error instanceof RelayProblem) || !['already-created', 'stale-parent'].includes(error.code)) throw error;
      await follower.catchUp(signal);
    }
  }
}
