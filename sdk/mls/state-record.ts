import { decodeGroupState, encodeGroupState } from 'ts-mls/clientState.js';
import { decode, encode, opaqueVector, struct, version, type Result } from '../../core/index.ts';
import { findSuiteByName } from '../../core/mls/index.ts';
import { clientConfigFor } from './client-config.ts';
import type { GroupState } from './group-state.ts';
import { makeState, openState } from './open-state.ts';
import { refuse, type EngineRefusal } from './refusal.ts';

/** Far above the tree and keys of the largest group over all retained epochs. */
export const MAX_STATE_BYTES = 64 * 1024 * 1024;
const stateCodec = struct('GroupStateRecord', { version: version(1), client: opaqueVector(MAX_STATE_BYTES) });

/** Everything needed to go on after a restart, secrets included: to be stored encrypted or where nobody else reads. */
export function serialiseState(state: GroupState): Uint8Array {
  return encode(stateCodec, { version: 1, client: encodeGroupState(openState(state).client) });
}

/** Refuses bytes that no `serialiseState` of this version gave. */
export function parseState(bytes: Uint8Array): Result<GroupState, EngineRefusal> {
  const record = decode(stateCodec, bytes);
  if (!record.ok) return refuse('state-malformed');
  try {
    const decoded = decodeGroupState(record.value.client.slice(), 0);
    if (decoded?.[1] !== record.value.client.length) return refuse('state-malformed');
    const suite = findSuiteByName(decoded[0].groupContext.cipherSuite);
    if (suite === undefined) return refuse('state-malformed');
    return makeState({ ...decoded[0], clientConfig: clientConfigFor(suite.id) });
  } catch {
    return refuse('state-malformed');
  }
}
