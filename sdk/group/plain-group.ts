import { memberAdded, memberRemoved, toBase64Url, type ChainId, type GrantedRole } from '../../core/index.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { UsageError } from '../errors.ts';
import { parseActor, parseActors } from '../parse-actor.ts';
import { FollowedGroup } from './followed-group.ts';
import type { CallOptions, CommitOptions, InviteDelivery, InviteOptions, ReinitDelivery } from './group.ts';
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

  /** One event each, so of several some may be in where it rejects. */
  async invite(
    actors: string | readonly string[],
    role: GrantedRole = 'member',
    { signal, preSharedKeys }: InviteOptions = {},
  ): Promise<InviteDelivery> {
    assertNoKeys(preSharedKeys);
    const invited = parseActors(actors);
    const [first, ...others] = invited;
    await this.assertMember(signal);
    let delivery = await this.appendEvent(memberAdded, { actor: first, role }, signal);
    for (const actor of others) delivery = await this.appendEvent(memberAdded, { actor, role }, signal);
    return { ...delivery, actors: invited.map((actor) => ({ actor: toBase64Url(actor), outcome: 'invited' })) };
  }

  async leave({ signal }: CallOptions = {}): Promise<Delivery> {
    await this.assertMember(signal);
    return this.appendEvent(memberRemoved, { actor: this.context.signer.actor }, signal);
  }

  async remove(actor: string, { signal, preSharedKeys }: CommitOptions = {}): Promise<Delivery> {
    assertNoKeys(preSharedKeys);
    const removed = parseActor(actor);
    await this.assertMember(signal);
    return this.appendEvent(memberRemoved, { actor: removed }, signal);
  }

  async rotate(): Promise<Delivery> {
    throw new UsageError('plain-group', 'a plain group has no keys to renew');
  }

  async reinit(): Promise<ReinitDelivery> {
    throw new UsageError('plain-group', 'a plain group has no keys to begin anew with');
  }
}

/** Whoever asks for it must not believe that it was done. */
function assertNoKeys(preSharedKeys: readonly Uint8Array[] | undefined): void {
  if (preSharedKeys !== undefined) throw new UsageError('plain-group', 'a plain group has no keys to mix others into');
}
