import { encodeAuthenticatedData } from '../../core/mls/index.ts';
import { RelayProblem, RemovedError, UsageError } from '../errors.ts';
import { encrypt } from '../mls/index.ts';
import { removalOf } from './group-status.ts';
import type { BeginSealing } from './message-sender.ts';
import type { MlsStore } from './mls-store.ts';

/** Encrypts each for its event: the ciphertext names it, so that nobody can hang it on another (`CL11`). */
export function sealWith(store: MlsStore, actor: Uint8Array): BeginSealing {
  return async (chain) => {
    const record = await store.load();
    if (record === undefined) throw new UsageError('not-joined', 'the group was not joined yet');
    if (record.lostAt !== undefined) throw new UsageError('epoch-unreadable', 'the keys of the group were lost');
    let { state } = record;
    return {
      seal: async (content, eventId) => {
        const sealed = await encrypt(state, content, encodeAuthenticatedData({ actor, eventId }));
        if (sealed.ok) {
          state = sealed.value.state;
          return { epoch: state.epoch, payload: sealed.value.message };
        }
        if (sealed.error.code === 'not-a-member')
          throw new RemovedError(removalOf(chain.state, actor) ?? chain.cursor.size - 1);
        throw new RelayProblem('payload-too-large', { reason: sealed.error.code });
      },
      finish: () => (state === record.state ? [] : [store.put({ state, lostAt: undefined })]),
    };
  };
}
