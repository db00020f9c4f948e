import type { GroupMember, Storage } from '../sdk/index.ts';
import { Contacts, isActor } from './contacts.ts';
import { Failure } from './failure.ts';
import type { GlobalOptions } from './options.ts';
import { listProfiles } from './profile.ts';

/** Enough of a key to tell people in one group apart. */
const SHORT_LENGTH = 8;
const VERIFIED_MARK = '✓';

/** What to call actors: as this profile does, by their profile where it is on this machine, else by the beginning of their key. */
export class ActorNames {
  readonly contacts: Contacts;
  /** Profiles of this machine: their keys are known without anybody's word. */
  readonly #profiles: ReadonlyMap<string, string>;

  private constructor(contacts: Contacts, profiles: ReadonlyMap<string, string>) {
    this.contacts = contacts;
    this.#profiles = profiles;
  }

  static async load(storage: Storage, options: GlobalOptions): Promise<ActorNames> {
    const profiles = new Map(listProfiles(options).map(({ actor, name }) => [actor, name]));
    return new ActorNames(await Contacts.load(storage), profiles);
  }

  show(actor: string): string {
    return this.contacts.of(actor).name ?? this.#profiles.get(actor) ?? actor.slice(0, SHORT_LENGTH);
  }

  /** With a mark where the key is known to be theirs. The mark goes with the key, so no namesake gets it. */
  showMarked(actor: string): string {
    return this.isVerified(actor) ? `${this.show(actor)} ${VERIFIED_MARK}` : this.show(actor);
  }

  isVerified(actor: string): boolean {
    return this.contacts.of(actor).isVerified || this.#profiles.has(actor);
  }

  /** A key, or what somebody is called here. */
  find(text: string): string {
    if (isActor(text)) return text;
    const contact = this.contacts.all().find(({ name }) => name === text);
    const actor = contact?.actor ?? [...this.#profiles].find(([, name]) => name === text)?.[0];
    if (actor !== undefined) return actor;
    const message = `'${text}' is no actor key, no contact and no profile on this machine.`;
    throw new Failure('failed', 'unknown-actor', message, WHERE_FROM);
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
