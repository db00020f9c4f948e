import { bytesToUtf8, fromBase64Url, toBase64Url, utf8ToBytes } from '../core/index.ts';
import { fingerprintOf, type Storage } from '../sdk/index.ts';
import { Failure } from './failure.ts';

const PREFIX = 'cli/contact/';
const ACTOR_BYTES = 32;
/** Nothing that could pass for a key, a command or two words. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,31}$/u;

/** What this profile knows of somebody. It stays on this machine. */
export interface Contact {
  /** Base64url. */
  readonly actor: string;
  readonly name: string | undefined;
  /** Whether their fingerprint was compared, over something that the relay has no hand in (`CL16`). */
  readonly isVerified: boolean;
}

/** What this profile calls people, and whose keys it has compared. */
export class Contacts {
  readonly #storage: Storage;
  readonly #known: Map<string, Contact>;

  private constructor(storage: Storage, known: Map<string, Contact>) {
    this.#storage = storage;
    this.#known = known;
  }

  static async load(storage: Storage): Promise<Contacts> {
    const known = new Map<string, Contact>();
    for (const key of await storage.list(PREFIX)) {
      const actor = key.slice(PREFIX.length);
      const text = bytesToUtf8((await storage.read(key)) ?? new Uint8Array());
      if (text !== undefined) known.set(actor, { actor, ...parseContact(text) });
    }
    return new Contacts(storage, known);
  }

  all(): readonly Contact[] {
    return [...this.#known.values()];
  }

  of(actor: string): Contact {
    return this.#known.get(actor) ?? { actor, name: undefined, isVerified: false };
  }

  /** Gives somebody a name, which nobody else may have: two people of one name can't be told apart. */
  async name(actor: string, name: string): Promise<void> {
    if (!NAME.test(name)) {
      throw new Failure('usage', 'invalid-name', `'${name}' is no name for a person: up to 32 letters, digits, . _ -`);
    }
    const other = this.all().find((contact) => contact.name === name && contact.actor !== actor);
    if (other !== undefined) {
      throw new Failure('failed', 'name-taken', `You call somebody else '${name}': ${other.actor}`, 'Choose another.');
    }
    await this.#put({ ...this.of(actor), name });
  }

  /** Marks a key as compared, where the fingerprint that was read out is its own. */
  async verify(actor: string, fingerprint: string): Promise<void> {
    if (fingerprint.toLowerCase() !== fingerprintOfActor(actor)) {
      const message = `That is not the fingerprint of this key, which is ${fingerprintOfActor(actor)}.`;
      const hint = 'If they read it out right, this is not their key: do not trust it, and ask them in person.';
      throw new Failure('unverified', 'fingerprint-differs', message, hint);
    }
    await this.#put({ ...this.of(actor), isVerified: true });
  }

  /** Takes over what another profile of the same person knows. */
  async adopt(others: Contacts): Promise<void> {
    for (const contact of others.all()) await this.#put(contact);
  }

  async #put(contact: Contact): Promise<void> {
    const { actor, name, isVerified } = contact;
    const value = utf8ToBytes(JSON.stringify({ name: name ?? null, isVerified }));
    await this.#storage.commit([{ key: PREFIX + actor, value }]);
    this.#known.set(actor, contact);
  }
}

/** For people to compare. */
export function fingerprintOfActor(actor: string): string {
  return fingerprintOf(fromBase64Url(actor) as Uint8Array);
}

export function isActor(text: string): boolean {
  const bytes = fromBase64Url(text);
  return bytes?.length === ACTOR_BYTES && toBase64Url(bytes) === text;
}

function parseContact(text: string): Pick<Contact, 'name' | 'isVerified'> {
  const { name, isVerified } = JSON.parse(text) as { name: unknown; isVerified: unknown };
  return { name: typeof name === 'string' ? name : undefined, isVerified: isVerified === true };
}
