import { bytesToUtf8, toBase64Url } from '../../core/index.ts';
import { nameOfEvent, viewListed } from './policy-content.ts';
import type { StoredItem, TimelineContent, UnreadReason } from './stored-item.ts';
import { TEXT_CONTENT, type MembersChanged, type TimelineEvent, type TimelineItem } from './timeline-item.ts';

/** A stored item as people see it; `self` is whose device this is. */
export function viewItem(
  { index, relayTime, actorTime, actor, eventId, content }: StoredItem,
  self: Uint8Array,
): TimelineItem {
  const name = toBase64Url(actor);
  const event = {
    index,
    actor: name,
    isMine: name === toBase64Url(self),
    eventId: toBase64Url(eventId),
    sentAt: actorTime,
    relayTime,
  };
  return { ...event, ...viewContent(content) };
}

type ViewedContent = {
  [Kind in TimelineItem['kind']]: Omit<Extract<TimelineItem, { kind: Kind }>, keyof TimelineEvent>;
};

function viewContent(content: TimelineContent): ViewedContent[TimelineItem['kind']] {
  switch (content.kind) {
    case 'founded':
      return { kind: 'founded' };
    case 'message': {
      const { epoch, contentType, bytes } = content.value;
      const text = contentType === TEXT_CONTENT ? bytesToUtf8(bytes) : undefined;
      return { kind: 'message', epoch, contentType, bytes, text };
    }
    case 'sealed':
      return { kind: 'sealed', ...content.value };
    case 'application':
      return { kind: 'application', ...content.value };
    case 'membersChanged':
      return viewChange(content.value, undefined);
    case 'changeUnread':
      return viewChange(content.value, content.value.reason);
    case 'resynced':
      return { kind: 'resynced', ...content.value };
    case 'commitReported': {
      const { index: commit, committer, fault } = content.value;
      return { kind: 'commit-reported', commit, committer: toBase64Url(committer), fault };
    }
    case 'leaveRequested':
      return { kind: 'leave-requested' };
    case 'reinitialised':
      return { kind: 'reinitialised', successor: toBase64Url(content.value.successor), suite: content.value.suite };
    case 'succeeds':
      return { kind: 'succeeds', predecessor: toBase64Url(content.value.predecessor) };
    case 'policyBound':
      return { kind: 'policy-bound', ...viewListed(content.value), guards: content.value.guards.map(nameOfEvent) };
    case 'policyUnbound':
      return { kind: 'policy-unbound' };
    case 'policyRevoked':
      return { kind: 'policy-revoked', ...viewListed(content.value) };
    case 'policyRecorded':
      return { kind: 'policy-recorded', ...content.value };
    case 'roleChanged':
      return { kind: 'role-changed', member: toBase64Url(content.value.actor), role: content.value.role };
  }
}

type MembersChange = Extract<TimelineContent, { kind: 'membersChanged' }>['value'];

function viewChange(
  { epoch, added, removed }: MembersChange,
  unread: UnreadReason | undefined,
): ViewedContent['members-changed'] {
  return { kind: 'members-changed', epoch, added: added.map(viewRole), removed: removed.map(toBase64Url), unread };
}

function viewRole({ actor, role }: MembersChange['added'][number]): MembersChanged['added'][number] {
  return { actor: toBase64Url(actor), role };
}
