import {
  MAX_ATTACHMENT_BYTES,
  MAX_CHAIN_ATTACHMENT_BYTES,
  MAX_UPLOADS,
  readableUntil,
  roleOf,
  type ChainState,
} from '../core/index.ts';
import { isMember } from './access.ts';
import type { RelayRefusal } from './answer.ts';

const WRITERS: readonly string[] = ['member', 'admin', 'owner'];

/** What a chain knows when somebody begins an upload. */
export interface UploadRequest {
  readonly sizeBytes: number;
  /** Of all attachments that the chain has, those on their way in among them. */
  readonly usedBytes: number;
  /** Of the same actor, under way. */
  readonly uploads: number;
}

/** Whether the actor may bring attachments: whoever may send messages (`UP1`). */
export function mayUpload(state: ChainState, actor: Uint8Array): boolean {
  return state.kind === 'group' && WRITERS.includes(roleOf(state.value.roster, actor));
}

/**
 * Whether the actor gets attachments (`UP6`). They belong to no entry, so they are for those who are in now, whatever of the log
 * others may still read; and for anybody where the chain is public.
 */
export function mayReadAttachments(state: ChainState, actor: Uint8Array | undefined): boolean {
  return isMember(state, actor) || readableUntil(state, undefined) !== undefined;
}

/** Whether there is room for another one (`UP5`). */
export function refuseUpload({ sizeBytes, usedBytes, uploads }: UploadRequest): RelayRefusal | undefined {
  if (sizeBytes > MAX_ATTACHMENT_BYTES) return { code: 'body-too-large', limitBytes: MAX_ATTACHMENT_BYTES };
  if (uploads >= MAX_UPLOADS) return { code: 'too-many-uploads', limit: MAX_UPLOADS };
  if (usedBytes + sizeBytes <= MAX_CHAIN_ATTACHMENT_BYTES) return undefined;
  return { code: 'attachments-full', limitBytes: MAX_CHAIN_ATTACHMENT_BYTES, usedBytes };
}
