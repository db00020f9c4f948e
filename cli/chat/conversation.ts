import type { Json } from '../../core/index.ts';
import type { Group, OutgoingMessage, TimelineItem } from '../../sdk/index.ts';
import { watchConnection, type Connection } from '../connection-notice.ts';
import { describeFailure } from '../failure.ts';
import { weaknessesOf } from '../guarantees.ts';
import type { ActorNames } from '../names.ts';
import { PendingMessages } from './pending-messages.ts';
import type { Screen } from './screen.ts';
import { runCommand } from './slash-commands.ts';
import { createStyle } from './style.ts';
import { Transcript } from './transcript.ts';

export interface ConversationOptions {
  readonly group: Group;
  readonly names: ActorNames;
  /** This identity's key, base64url. */
  readonly self: string;
  readonly screen: Screen;
  readonly hasColour: boolean;
  /** For programs: what to print of an item instead of rows for people. */
  readonly document: ((item: TimelineItem) => Json) | undefined;
  /** Notes that are no part of the conversation, where nobody looks at a screen. */
  readonly note: (text: string) => void;
}

/** Why a conversation was over: the person ended it, or what they gave is all said, or there is nothing more to read. */
export type Ending = 'quit' | 'input-ended' | 'over';

/** How long what is under way may take once nobody types any more. It is kept and sent by a later command. */
const DRAIN_MS = 15_000;
const QUIT_DRAIN_MS = 1_500;

/** A person in a group: what comes is shown as it comes, and what they type is sent when it can be. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #transcript: Transcript;
  readonly #pending: PendingMessages;
  readonly #stop = new AbortController();
  #connection: Connection = 'open';

  constructor(options: ConversationOptions) {
    const { names, self, screen, hasColour } = options;
    this.#options = options;
    this.#transcript = new Transcript({
      names,
      self,
      style: createStyle(hasColour),
      columns: () => screen.columns,
    });
    this.#pending = new PendingMessages();
  }

  /** Shows the newest `last` items and goes on until it ends. Returns how many messages are still under way. */
  async run(last: number, signal: AbortSignal): Promise<{ readonly ending: Ending; readonly waiting: number }> {
    const { group, screen } = this.#options;
    const ended = AbortSignal.any([signal, this.#stop.signal]);
    const stopTelling = watchConnection(group, (...news) => this.#tellConnection(...news));
    screen.onResize(() => this.#showStatus());
    const stopScreen = (): void => screen.close();
    signal.addEventListener('abort', stopScreen);
    await this.#tellWeaknesses();
    const reading = this.#followTimeline(last, ended);
    const sending = this.#followOutgoing(ended);
    try {
      const ending = await Promise.race([reading, this.#readLines(ended), never(sending)]);
      screen.setStatus([]);
      if (ending !== 'over') await this.#drain(ending === 'quit' ? QUIT_DRAIN_MS : DRAIN_MS, signal);
      return { ending, waiting: this.#pending.unsettled };
    } finally {
      this.#stop.abort(new DOMException('the conversation is over', 'AbortError'));
      signal.removeEventListener('abort', stopScreen);
      stopTelling();
      screen.close();
      await Promise.allSettled([reading, sending]);
    }
  }

  async #followTimeline(last: number, signal: AbortSignal): Promise<Ending> {
    try {
      for await (const item of this.#options.group.timeline({ last, live: true, signal })) this.#show(item);
      return 'over';
    } catch (cause) {
      if (!signal.aborted) throw cause;
      return 'quit';
    }
  }

  #show(item: TimelineItem): void {
    // Own messages go from those under way to those that are said, in one step.
    if (item.isMine) this.#pending.settle(item.eventId);
    const { screen, document } = this.#options;
    screen.print(document === undefined ? this.#transcript.rowsOf(item) : [JSON.stringify(document(item))]);
    this.#showStatus();
  }

  async #followOutgoing(signal: AbortSignal): Promise<void> {
    try {
      for await (const message of this.#options.group.outgoing({ signal })) this.#notePending(message);
    } catch (cause) {
      if (!signal.aborted) throw cause;
    }
  }

  #notePending(message: OutgoingMessage): void {
    this.#pending.note(message);
    if (message.state.kind === 'failed' && !this.#options.screen.isInteractive) {
      this.#options.note(`Not sent: ${message.state.reason}`);
    }
    this.#showStatus();
  }

  async #readLines(signal: AbortSignal): Promise<Ending> {
    const { screen } = this.#options;
    for await (const line of screen.lines()) {
      if (line.trim() === '') continue;
      if (screen.isInteractive && /^\/(?!\/)/.test(line)) {
        if ((await this.#command(line, signal)) === 'quit') return 'quit';
      } else {
        await this.#say(screen.isInteractive ? line.replace(/^\/\//, '/') : line, signal);
      }
    }
    return screen.isInteractive ? 'quit' : 'input-ended';
  }

  async #say(text: string, signal: AbortSignal): Promise<void> {
    const { group } = this.#options;
    try {
      await group.outboxRoom({ signal });
      this.#notePending(await group.post(text));
    } catch (cause) {
      signal.throwIfAborted();
      this.#complain(cause);
    }
  }

  async #command(line: string, signal: AbortSignal): Promise<'quit' | undefined> {
    const { group, names, self, screen } = this.#options;
    const print = (text: string): void => screen.print(this.#transcript.answer(text));
    try {
      return await runCommand(line, { group, names, self, print, failed: this.#pending.failed, signal });
    } catch (cause) {
      signal.throwIfAborted();
      this.#complain(cause);
      return undefined;
    } finally {
      this.#showStatus();
    }
  }

  /** What a person did wrong, or what went wrong for them; the conversation goes on. */
  #complain(cause: unknown): void {
    const { message, hint } = describeFailure(cause);
    this.#tell(hint === undefined ? asSentence(message) : `${asSentence(message)} ${hint}`);
  }

  /** Before anything is said (`GR8`). Of a group that was never read, what keeps it from being read is told instead. */
  async #tellWeaknesses(): Promise<void> {
    const view = await this.#options.group.view().catch(() => undefined);
    for (const weakness of view === undefined ? [] : weaknessesOf(view)) this.#tell(weakness);
  }

  /** What is no part of the conversation. */
  #tell(text: string): void {
    const { screen, note } = this.#options;
    if (screen.isInteractive) screen.print(this.#transcript.notice(text));
    else note(text);
  }

  #tellConnection(connection: Connection, words: string): void {
    this.#connection = connection;
    this.#tell(words);
    this.#showStatus();
  }

  #showStatus(): void {
    if (this.#stop.signal.aborted) return;
    const rows = this.#pending.shown.map((message) => this.#transcript.pendingRow(message));
    const { hidden } = this.#pending;
    const more = hidden === 0 ? [] : [`  and ${hidden} more`];
    const kept = this.#connection === 'open' ? [] : [`  ${this.#connection}: what you write is kept, and sent later`];
    this.#options.screen.setStatus([...rows, ...more, ...kept]);
  }

  async #drain(patienceMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await this.#pending.untilSettled(AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
  }
}

/** Counts only if it fails. */
async function never(task: Promise<void>): Promise<Ending> {
  await task;
  return new Promise<Ending>(() => undefined);
}

/** Errors say what is wrong in a clause, since a command's name stands before it; here nothing does. */
function asSentence(clause: string): string {
  const end = /[.!?]$/.test(clause) ? '' : '.';
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}${end}`;
}
