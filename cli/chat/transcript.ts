import type { Message, MembersChanged, OutgoingMessage, SealedMessage, TimelineItem } from '../../sdk/index.ts';
import type { ActorNames } from '../names.ts';
import { printable } from '../printable.ts';
import type { Style } from './style.ts';
import { clip, padColumns, wrapText } from './wrap.ts';

const NAME_COLUMNS = 10;
const GAP = '  ';
const ANSWER_INDENT = '  ';
/** Narrower than this words are not wrapped but left to the terminal. */
const MIN_TEXT_COLUMNS = 20;

/** What became of an own message, in one column. */
export const MARKS = { queued: '○', sent: '◐', delivered: '●', failed: '✗' } as const;

export interface TranscriptOptions {
  readonly names: ActorNames;
  readonly self: string;
  readonly style: Style;
  readonly columns: () => number;
}

/** Writes a group's timeline as rows of text. Nothing that somebody sent can look like anything but what they said. */
export class Transcript {
  readonly #names: ActorNames;
  readonly #self: string;
  readonly #style: Style;
  readonly #columns: () => number;
  #day = '';
  /** Who has asked to leave, as far as was shown. */
  readonly #leaving = new Set<string>();

  constructor({ names, self, style, columns }: TranscriptOptions) {
    this.#names = names;
    this.#self = self;
    this.#style = style;
    this.#columns = columns;
  }

  /** Rows of one item, under a row with the date where that is another than before. */
  rowsOf(item: TimelineItem): readonly string[] {
    const rows = this.#itemRows(item);
    const day = dayOf(item.relayTime);
    if (rows.length === 0 || day === this.#day) return rows;
    this.#day = day;
    return [this.#style.quiet(`  ── ${day} ──`), ...rows];
  }

  /** One row of a message that is under way. */
  pendingRow({ createdAt, text, bytes, state }: OutgoingMessage): string {
    const { alarm, quiet } = this.#style;
    const isFailed = state.kind === 'failed';
    const mark = isFailed ? MARKS.failed : state.kind === 'queued' ? MARKS.queued : MARKS.sent;
    const note = isFailed ? `failed: ${state.code}; /retry or /forget` : state.kind;
    const words = printable(text ?? `[${bytes.length} bytes]`);
    const head = `${mark} ${timeOf(createdAt)}${GAP}${padColumns('you', NAME_COLUMNS)}${GAP}`;
    const row = clip(
      `${head}${clip(words, this.#columns() - head.length - note.length - 4)}${GAP}${note}`,
      this.#columns() - 1,
    );
    return isFailed ? alarm(row) : quiet(row);
  }

  /** A quiet row that is no part of the timeline. */
  notice(text: string): readonly string[] {
    return this.#quiet(Date.now(), printable(text));
  }

  /** Rows of what a command tells. */
  answer(text: string): readonly string[] {
    return this.#wrap(text, ANSWER_INDENT.length).map((row) => ANSWER_INDENT + row);
  }

  #itemRows(item: TimelineItem): readonly string[] {
    const who = this.#who(item.actor);
    switch (item.kind) {
      case 'message':
      case 'sealed':
        return this.#messageRows(item);
      case 'founded':
        return this.#quiet(item.relayTime, `${who} founded the group`);
      case 'leave-requested':
        this.#leaving.add(item.actor);
        return this.#quiet(item.relayTime, `${who} ${item.isMine ? 'are' : 'is'} leaving`);
      case 'reinitialised':
        return this.#quiet(item.relayTime, `${who} ended the group; it goes on as ${item.successor}`);
      case 'succeeds':
        return this.#quiet(item.relayTime, `this group goes on from ${item.predecessor}`);
      case 'role-changed':
        return this.#quiet(item.relayTime, `${who} made ${this.#who(item.member)} ${item.role}`);
      case 'members-changed':
        return this.#changes(item).flatMap((change) => this.#quiet(item.relayTime, change));
      case 'resynced':
        return this.#quiet(item.relayTime, `${who} came back in with new keys`);
      case 'commit-reported':
        return this.#quiet(
          item.relayTime,
          `${who} can’t follow the change of keys at entry ${item.commit} by ${this.#who(item.committer)} (${item.fault})`,
        );
      case 'policy-bound':
        return this.#quiet(item.relayTime, `${who} put ${describePolicy(item)} in force${describeGuards(item.guards)}`);
      case 'policy-unbound':
        return this.#quiet(item.relayTime, `${who} took the policy out of force`);
      case 'policy-revoked':
        return this.#quiet(item.relayTime, `${describePolicy(item)} was revoked, and takes nothing more`);
      case 'policy-recorded':
        return this.#quiet(item.relayTime, `the policy took a record of ${item.content.length} bytes by ${who}`);
      case 'application':
        // For programs; a person has nothing of it.
        return [];
    }
  }

  #messageRows(message: Message | SealedMessage): readonly string[] {
    const { quiet, own } = this.#style;
    const mark = message.isMine ? MARKS.delivered : ' ';
    const head = `${mark} ${timeOf(message.relayTime)}${GAP}`;
    const indent = head.length + NAME_COLUMNS + GAP.length;
    const isText = message.kind === 'message' && message.text !== undefined;
    const words = isText ? printable(message.text) : `[${placeholderOf(message)}]`;
    const paint = message.isMine ? own : (text: string) => text;
    const rows = this.#wrap(words, indent).map((row) => (isText ? paint(row) : quiet(row)));
    const name = this.#nameColumn(message);
    return rows.map((row, index) =>
      index === 0 ? `${quiet(head)}${name}${GAP}${row}` : `${' '.repeat(indent)}${row}`,
    );
  }

  #nameColumn({ actor, isMine }: Message | SealedMessage): string {
    const { own, verified } = this.#style;
    if (isMine) return own(padColumns('you', NAME_COLUMNS));
    const name = this.#names.show(actor);
    const marked = this.#names.showMarked(actor);
    const padding = ' '.repeat(padColumns(marked, NAME_COLUMNS).length - marked.length);
    return this.#style.person(actor, name) + verified(marked.slice(name.length)) + padding;
  }

  #quiet(time: number, text: string): readonly string[] {
    const head = `  ${timeOf(time)}${GAP}— `;
    return this.#wrap(text, head.length).map((row, index) =>
      this.#style.quiet(`${index === 0 ? head : ' '.repeat(head.length)}${row}`),
    );
  }

  #changes({ actor, added, removed, unread }: MembersChanged): readonly string[] {
    const who = this.#who(actor);
    const came = added.map((member) => `${this.#who(member.actor)} joined as ${member.role}, invited by ${who}`);
    const went = removed.map((member) =>
      member === actor || this.#leaving.delete(member)
        ? `${this.#who(member)} left`
        : `${this.#who(member)} ${member === this.#self ? 'were' : 'was'} removed by ${who}`,
    );
    const lost = unread === undefined ? [] : [`this device can’t follow a change of keys by ${who}: ${unread}`];
    const changes = [...came, ...went, ...lost];
    return changes.length > 0 ? changes : [`${who} renewed the keys`];
  }

  #who(actor: string): string {
    return actor === this.#self ? 'you' : this.#names.showMarked(actor);
  }

  #wrap(text: string, indent: number): readonly string[] {
    const room = this.#columns() - 1 - indent;
    return room < MIN_TEXT_COLUMNS || !Number.isFinite(room) ? text.split('\n') : wrapText(text, room);
  }
}

function placeholderOf(message: Message | SealedMessage): string {
  return message.kind === 'sealed' ? `can't be read: ${message.reason}` : `${message.bytes.length} bytes`;
}

function describePolicy({ name, version }: { readonly name: string; readonly version: number }): string {
  return `the policy ${name} ${version}`;
}

function describeGuards(guards: readonly string[]): string {
  return guards.length === 0 ? '' : `; it guards ${guards.join(', ')}`;
}

function timeOf(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes()].map((value) => String(value).padStart(2, '0')).join(':');
}

/** Made when the first day is written: it takes longer than most commands that write none. */
let days: Intl.DateTimeFormat | undefined;

function dayOf(ms: number): string {
  days ??= new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  return days.format(ms);
}
