/** How something was asked to be said: through the outbox, as an application's event, or as signed bytes of one's own. */
export type Lane = 'first' | 'second';
export type Way = 'post' | 'send' | 'event' | 'bytes';

/**
 * What its sender was told so far. `asked` is nothing yet, or nothing for certain: it is there once or not at all. What is
 * `promised` comes to be there once, what is `delivered` stands at its index, what is `withdrawn` never comes.
 */
export type Fate =
  | { readonly kind: 'asked' | 'promised' | 'withdrawn' }
  | { readonly kind: 'delivered'; readonly index: number; readonly relayTime: number };

export interface Saying {
  readonly by: string;
  /** Counts what one person asked, in that order. */
  readonly number: number;
  /** Unlike every other of the run. */
  readonly text: string;
  readonly way: Way;
  /** Which of the sender's processes it was, of those that run at the same time. */
  readonly lane: Lane;
  fate: Fate;
  /** It failed and was put back in its place, while what came after it went on. */
  wasRetried: boolean;
  /** Its sender tried to take it back and was killed before they knew whether that succeeded. */
  isBeingCancelled: boolean;
}

/** A change of the roster that was acknowledged, or the wish for one. */
export interface Change {
  readonly actor: string;
  readonly kind: 'added' | 'removed' | 'leaving';
  readonly index: number;
}

/** A person's verified log, as it once was. */
export interface Sight {
  readonly by: string;
  readonly size: number;
  readonly head: string;
}

/** The reference: what was asked, what was answered, and what anyone ever saw of the log. Nothing in it can fail. */
export class Reference {
  readonly sayings: Saying[] = [];
  readonly changes: Change[] = [];
  readonly sights: Sight[] = [];

  say(by: string, way: Way, lane: Lane): Saying {
    const number = this.sayings.filter((saying) => saying.by === by).length + 1;
    const saying: Saying = {
      by,
      number,
      text: `${by} ${number}`,
      way,
      lane,
      fate: { kind: 'asked' },
      wasRetried: false,
      isBeingCancelled: false,
    };
    this.sayings.push(saying);
    return saying;
  }

  find(text: string | undefined): Saying | undefined {
    return this.sayings.find((saying) => saying.text === text);
  }
}
