import { toBase64Url, type Json } from '../core/index.ts';
import { attachmentOf, type TimelineItem } from '../sdk/index.ts';

/** An item of a timeline for programs. Times are ms since the Unix epoch. */
export function itemDocument(item: TimelineItem): Json {
  const { kind, index, actor, isMine, sentAt, relayTime } = item;
  return { kind, index, actor, isMine, sentAt, relayTime, ...contentOf(item) };
}

function contentOf(item: TimelineItem): Readonly<Record<string, Json>> {
  switch (item.kind) {
    case 'message':
      return { epoch: item.epoch, text: item.text ?? null, ...attachmentDocument(item) };
    case 'sealed':
      return { epoch: item.epoch, reason: item.reason };
    case 'members-changed':
      return {
        epoch: item.epoch,
        added: item.added.map((member) => ({ ...member })),
        removed: [...item.removed],
        unread: item.unread ?? null,
      };
    case 'reinitialised':
      return { successor: item.successor, suite: item.suite };
    case 'succeeds':
      return { predecessor: item.predecessor };
    case 'resynced':
      return { epoch: item.epoch };
    case 'commit-reported':
      return { commit: item.commit, committer: item.committer, fault: item.fault };
    case 'role-changed':
      return { member: item.member, role: item.role };
    case 'application':
      return { type: item.type };
    case 'policy-bound':
      return { name: item.name, version: item.version, module: item.module, guards: [...item.guards] };
    case 'policy-revoked':
      return { name: item.name, version: item.version, module: item.module };
    case 'policy-recorded':
      return { content: toBase64Url(item.content) };
    case 'policy-unbound':
    case 'founded':
    case 'leave-requested':
      return {};
  }
}

/** Without its key: that is in the profile, and `blob get` finds it by the hash. */
function attachmentDocument(item: TimelineItem): Readonly<Record<string, Json>> {
  const attachment = attachmentOf(item);
  if (attachment === undefined) return {};
  const { hash, size, name, mediaType } = attachment;
  return { attachment: { hash, size, name, mediaType } };
}
