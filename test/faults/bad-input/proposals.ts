import { appendRequest, encode, type ProblemCode, type Submission } from '../../../core/index.ts';
import { removalOf } from '../../../sdk/mls/proposal.ts';
import { bytesFor } from '../../durable-objects/bytes-for.ts';
import type { InhabitedRelay } from '../../support/inhabited-relay.ts';
import type { ProposalDraft } from '../../support/mls-bundles.ts';
import type { Attempt, BadInput } from './bad-input.ts';

function append({ encrypted: chain }: InhabitedRelay, ...submissions: Submission[]): Attempt {
  return { kind: 'append', chain, body: encode(appendRequest, { submissions }) };
}

/** Alice's proposal to remove Bob, but for what the row spoils. */
function spoiled(draft: (relay: InhabitedRelay) => Partial<ProposalDraft>): BadInput['make'] {
  return async (relay) => append(relay, await relay.proposal({ proposal: removalOf(1), ...draft(relay) }));
}

function row(name: string, code: ProblemCode, make: BadInput['make']): BadInput {
  return { name, code, make };
}

/** The handshake itself is refused; `reason` says what of it. */
function invalid(name: string, reason: string, make: BadInput['make']): BadInput {
  return { name, code: 'invalid-handshake', details: { reason }, make };
}

export const badProposals: readonly BadInput[] = [
  {
    name: '[GM10] a proposal of an epoch that is over',
    code: 'wrong-epoch',
    details: { epoch: '2' },
    make: async (relay) => append(relay, await relay.proposal({ proposal: removalOf(1) }, relay.pastState)),
  },
  row('[GR5] the last owner who asks to leave', 'last-owner', async (relay) => append(relay, await relay.proposal())),
  row(
    '[GR3] a proposal by a stranger',
    'not-permitted',
    spoiled(({ mallory }) => ({ actor: mallory })),
  ),
  row(
    '[GR7] a proposal by one who was removed',
    'actor-removed',
    spoiled(({ carol }) => ({ actor: carol })),
  ),
  row('[PL1] a proposal without its bytes', 'payload-missing', async (relay) => {
    const { event, signature } = await relay.proposal({ proposal: removalOf(1) });
    return append(relay, { event, signature, payload: undefined });
  }),
  row('[PL1] a proposal in the place of another', 'payload-mismatch', async (relay) => {
    const { event, signature } = await relay.proposal({ proposal: removalOf(1) });
    const { payload } = await relay.proposal({ proposal: removalOf(1) });
    return append(relay, { event, signature, payload });
  }),
  invalid(
    '[MB6] a member’s proposal in the event of another',
    'proposer',
    spoiled(({ bob }) => ({ actor: bob })),
  ),
  invalid(
    '[ML4] a proposal that was made for another event',
    'authenticated-data',
    spoiled(() => ({ boundTo: bytesFor('another', 0, 16) })),
  ),
  invalid(
    '[MB6] another ProposalRef than the proposal has',
    'proposal-ref',
    spoiled(() => ({ editBody: (body) => ({ ...body, proposalRef: bytesFor('ref', 0, 32) }) })),
  ),
  invalid('[MB6] the removal of another that says it is a leave', 'proposal-purpose', async (relay) => {
    const draft = { actor: relay.bob, proposal: removalOf(0), editBody: asLeave };
    return append(relay, await relay.proposal(draft, relay.bobsState));
  }),
  invalid(
    '[ML71] a Remove of a leaf that is blank',
    'remove-of-nobody',
    spoiled(() => ({ proposal: removalOf(2) })),
  ),
  invalid(
    '[ML24] a proposal of a kind that members can’t follow',
    'proposal-type',
    spoiled(() => ({ proposal: { proposalType: 'external_init', externalInit: { kemOutput: new Uint8Array(32) } } })),
  ),
  invalid(
    '[ML21] bytes that are no MLS message',
    'mls-malformed',
    spoiled(() => ({ editMessage: () => Uint8Array.of(1) })),
  ),
];

const asLeave: NonNullable<ProposalDraft['editBody']> = (body) => ({ ...body, purpose: 'leave' });
