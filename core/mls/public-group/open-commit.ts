import type { Commit } from 'ts-mls';
import { equalBytes } from '../../bytes/index.ts';
import { ok, type Result } from '../../result.ts';
import type { MlsHandshake } from '../handshake.ts';
import { MAX_COMMIT_BYTES } from '../limits.ts';
import { openMlsMessage } from '../message.ts';
import { confirmedContent, readHandshake } from '../read-handshake.ts';
import { refuse, type MlsCommitCode, type MlsMessageCode, type MlsRefusal } from '../refusal.ts';
import type { PublicGroup } from './public-group.ts';

export interface OpenedCommit {
  readonly handshake: MlsHandshake;
  readonly commit: Commit;
  readonly confirmationTag: Uint8Array;
  /** What the transcript takes in of it. */
  readonly confirmed: Uint8Array;
}

type OpenRefusal = MlsRefusal<
  MlsMessageCode | Extract<MlsCommitCode, 'commit-after-reinit' | 'commit-group' | 'commit-epoch'>
>;

/** Opens an MLSMessage that holds a PublicMessage with a commit of this group's current epoch. */
export function openCommit(group: PublicGroup, bytes: Uint8Array): Result<OpenedCommit, OpenRefusal> {
  const message = openMlsMessage(bytes, 'mls_public_message', MAX_COMMIT_BYTES);
  if (!message.ok) return message;
  const { publicMessage } = message.value;
  const { content, auth } = publicMessage;
  if (content.contentType !== 'commit' || auth.contentType !== 'commit') return refuse('mls-content-type');
  const { context, rules, isSuspended } = group;
  if (isSuspended) return refuse('commit-after-reinit');
  if (!equalBytes(content.groupId, context.groupId)) return refuse('commit-group');
  if (content.epoch !== context.epoch) return refuse('commit-epoch');
  const { confirmationTag } = auth;
  if (confirmationTag.length !== rules.suite.hashBytes) return refuse('mls-malformed');
  const handshake = readHandshake(bytes, publicMessage);
  if (!handshake.ok) return handshake;
  const confirmed = confirmedContent(bytes, publicMessage);
  return ok({ handshake: handshake.value, commit: content.commit, confirmationTag, confirmed });
}
