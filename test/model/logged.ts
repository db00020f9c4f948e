import {
  decodeTrusted,
  entryCodec,
  eventTbs,
  FIRST_APPLICATION_TYPE,
  groupMessage,
  leafHash,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsProposal,
  toBase64Url,
} from '../../core/index.ts';

/** An entry as the relay gives it out, as far as the model looks into it. Names are base64url. */
export interface LogEntry {
  readonly index: number;
  readonly relayTime: number;
  readonly actor: string;
  readonly eventId: string;
  readonly leaf: string;
  readonly kind: 'application' | 'message' | 'other';
  /** Whose keys seal a message, or are new from here on. */
  readonly epoch: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Who asks to leave. */
  readonly leaving: readonly string[];
}

export function readEntry(bytes: Uint8Array): LogEntry {
  const { index, relayTime, event } = decodeTrusted(entryCodec, bytes);
  const { actor, eventId, type, body } = decodeTrusted(eventTbs, event);
  const names = { actor: toBase64Url(actor), eventId: toBase64Url(eventId), leaf: toBase64Url(leafHash(bytes)) };
  return { index, relayTime, ...names, ...contentOf(type, body, names.actor) };
}

type Content = Pick<LogEntry, 'kind' | 'epoch' | 'added' | 'removed' | 'leaving'>;

function contentOf(type: number, body: Uint8Array, actor: string): Content {
  const nothing: Content = { kind: 'other', epoch: 0, added: [], removed: [], leaving: [] };
  if (type >= FIRST_APPLICATION_TYPE) return { ...nothing, kind: 'application' };
  const message = type === groupMessage.type && groupMessage.decodeBody(body);
  if (message && message.ok) return { ...nothing, kind: 'message', epoch: message.value.epoch };
  const added = type === memberAdded.type && memberAdded.decodeBody(body);
  if (added && added.ok) return { ...nothing, added: [toBase64Url(added.value.actor)] };
  const removed = type === memberRemoved.type && memberRemoved.decodeBody(body);
  if (removed && removed.ok) return { ...nothing, removed: [toBase64Url(removed.value.actor)] };
  const proposal = type === mlsProposal.type && mlsProposal.decodeBody(body);
  if (proposal && proposal.ok) return { ...nothing, leaving: proposal.value.purpose === 'leave' ? [actor] : [] };
  const commit = type === mlsCommit.type && mlsCommit.decodeBody(body);
  if (!commit || !commit.ok) return nothing;
  const { roster, epoch } = commit.value;
  return {
    ...nothing,
    epoch: epoch + 1,
    added: roster.added.map(({ actor }) => toBase64Url(actor)),
    removed: roster.removed.map(toBase64Url),
  };
}
