import { memberAdded, memberRemoved, type ChainId, type GrantedRole } from '../../core/index.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { UsageError } from '../errors.ts';
import { FollowedGroup, parseActor } from './followed-group.ts';
import type { CallOptions } from './group.ts';
import type { GroupContext } from './group-context.ts';
import { PlainOpening } from './plain-opening.ts';

/** A group without encryption: the relay can read it, and its members come and go by events of their own. */
export class PlainGroup extends FollowedGroup {
  readonly membership = 'plain';

  constructor(context: GroupContext, chain: ChainId) {
    super(context, chain, (outbox) => ({
      opening: new PlainOpening(
        { client: context.client, chain, now: context.platform.now },
        outbox,
        context.signer.actor,
      ),
      beginSealing: async () => ({ seal: async (content) => ({ epoch: 0, payload: content }), finish: () => [] }),
    }));
  }

  async invite(actor: string, role: GrantedRole = 'member', { signal }: CallOptions = {}): Promise<Delivery> {
    const added = parseActor(actor);
    await this.assertMember(signal);
    return this.appendEvent(memberAdded, { actor: added, role }, signal);
  }

  async remove(actor: string, { signal }: CallOptions = {}): Promise<Delivery> {
    const removed = parseActor(actor);
    await this.assertMember(signal);
    return this.appendEvent(memberRemoved, { actor: removed }, signal);
  }

  async rotate(): Promise<Delivery> {
    throw new UsageError('plain-group', 'a plain group has no keys to renew');
  }
}
