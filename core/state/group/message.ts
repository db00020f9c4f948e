import { opaque, struct, uint16, uint32, uint64, type Decoded } from '../../codec/index.ts';
import { defineEvent, HASH_BYTES } from '../../event/index.ts';
import type { Rule, RuleRefusal } from '../rule.ts';
import { PAST_EPOCHS, requireCreated, type GroupState } from './group-state.ts';
import { requireRole } from './roster.ts';

const messageBody = struct('GroupMessage', {
  /** MLS epoch of the ciphertext; 0 in a plain group. */
  epoch: uint64,
  /** Meaning of the plaintext, for applications; 0 is UTF-8 text. */
  contentType: uint16,
  payloadHash: opaque(HASH_BYTES),
  payloadSize: uint32,
});

/** Names content by hash and size; the content itself is its payload (`GM3`, `PL1`). */
export const groupMessage = defineEvent({
  type: 0x0204,
  name: 'group.message',
  ordering: 'observed',
  body: messageBody,
});

type GroupMessage = Decoded<typeof messageBody>;

export const messageRule: Rule<GroupState, GroupMessage> = {
  definition: groupMessage,
  permit: (state, actor) => requireRole(state.roster, actor, 'member'),
  check: (state, _position, { epoch }) => checkEpoch(state, epoch),
  apply: (state) => state,
  payload: ({ payloadHash, payloadSize }) => ({ hash: payloadHash, size: payloadSize }),
};

/** `GM3`: the current epoch or up to three past, never a future one, never one that a removed member could read. */
function checkEpoch(state: GroupState, epoch: number): RuleRefusal | undefined {
  const notCreated = requireCreated(state);
  if (notCreated !== undefined) return notCreated;
  const current = state.mls?.epoch ?? 0;
  if (epoch > current) return { code: 'future-epoch', epoch: current };
  const oldest = Math.max(current - PAST_EPOCHS, state.mls?.oldestOpenEpoch ?? 0);
  return epoch < oldest ? { code: 'epoch-closed', epoch: current } : undefined;
}
