import type { GroupMember } from '../sdk/index.ts';
import { fromBase64Url } from '../core/index.ts';
import { Failure } from './failure.ts';
import type { GlobalOptions } from './options.ts';
import { listProfiles } from './profile.ts';

const ACTOR_BYTES = 32;
/** Enough of a key to tell people in one group apart. */
const SHORT_LENGTH = 8;

/** What to call actors: by their profile where it is on this machine, else by the beginning of their key. */
export class ActorNames {
  readonly #nameOf: ReadonlyMap<string, string>;

  constructor(options: GlobalOptions) {
    this.#nameOf = new Map(listProfiles(options).map(({ actor, name }) => [actor, name]));
  }

  show(actor: string): string {
    return this.#nameOf.get(actor) ?? actor.slice(0, SHORT_LENGTH);
  }

  /** A key, or the name of a profile on this machine. */
  find(text: string): string {
    if (fromBase64Url(text)?.length === ACTOR_BYTES) return text;
    const named = [...this.#nameOf].find(([, name]) => name === text);
    if (named !== undefined) return named[0];
    throw new Failure(
      'usage',
      'unknown-actor',
      `'${text}' is no actor key and no profile on this machine.`,
      WHERE_FROM,
    );
  }

  /** As `find`, and also the beginning of a member's key. */
  findMember(text: string, members: readonly GroupMember[]): string {
    const matches = members.filter(({ actor }) => actor.startsWith(text));
    const [only] = matches;
    if (only !== undefined && matches.length === 1 && text.length >= 4) return only.actor;
    return this.find(text);
  }
}

const WHERE_FROM = 'Ask them for their key: terachat whoami shows it.';
