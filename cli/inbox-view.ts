import { bytesToUtf8, type Json } from '../core/index.ts';
import type { Envelope, InboxView, SetAside } from '../sdk/index.ts';
import type { ActorNames } from './names.ts';
import { hanging, printable } from './printable.ts';

/** What this profile calls its groups, by chain id. */
type GroupNames = ReadonlyMap<string, string>;

const LABEL_COLUMNS = 12;

/** What waits for an identity, for programs. Times are ms since the Unix epoch. */
export function inboxDocument(
  { invitations, news, account, envelopes, setAside, overflow }: InboxView,
  called: GroupNames,
): Json {
  return {
    invitations: invitations.map(({ group, membership, inviter, index }) => ({
      group,
      membership,
      index,
      inviter: inviter ?? null,
    })),
    news: news.map(({ group, index }) => ({ group, name: called.get(group) ?? null, index })),
    account: account?.index ?? null,
    letters: envelopes.map(letterDocument),
    setAside: setAside.map(({ kind, chain, index, receivedAt, content }) => {
      return { kind, chain, index, receivedAt, bytes: content.length };
    }),
    overflow: overflow?.at ?? null,
  };
}

function letterDocument({ id, sender, content, sentAt, receivedAt, group }: Envelope): Json {
  return {
    id,
    sender: sender ?? null,
    text: textOf(content) ?? null,
    bytes: content?.length ?? null,
    sentAt: sentAt ?? null,
    receivedAt,
    group: group ?? null,
  };
}

/** The same for people. */
export function inboxLines(view: InboxView, names: ActorNames, called: GroupNames): readonly string[] {
  const { invitations, news, account, envelopes, setAside, overflow } = view;
  return [
    ...invitations.map(({ group, inviter }) =>
      line('invitation', `${group}${inviter === undefined ? '' : `  from ${names.show(inviter)}`}`),
    ),
    ...news.map(({ group }) => line('news', called.get(group) ?? group)),
    ...(account === undefined
      ? []
      : [line('account', 'its devices or its recovery have changed: terachat device list')]),
    ...envelopes.map((envelope) => letterLine(envelope, names)),
    ...setAside.map(setAsideLine),
    ...(overflow === undefined
      ? []
      : [line('overflow', 'something found no room at the relay; its sender has to repeat it')]),
  ];
}

/** Whoever sealed it has signed it, so its name is as sure as that of a message. */
function letterLine({ sender, content }: Envelope, names: ActorNames): string {
  if (sender === undefined || content === undefined) return line('letter', '[can’t be opened]');
  const head = `${names.showMarked(sender)}  `;
  return line('letter', head + printable(textOf(content) ?? `[${content.length} bytes]`), head.length);
}

function setAsideLine({ kind, chain, content }: SetAside): string {
  return line('set aside', `${kind} of ${chain}, ${content.length} bytes: this program ended on it five times`);
}

/** The first of several rows says what it is; none of the others can look like another entry. */
function line(label: string, text: string, indent = 0): string {
  return `  ${label.padEnd(LABEL_COLUMNS)}${hanging(text, ' '.repeat(2 + LABEL_COLUMNS + indent))}`;
}

function textOf(content: Uint8Array | undefined): string | undefined {
  return content && bytesToUtf8(content);
}
