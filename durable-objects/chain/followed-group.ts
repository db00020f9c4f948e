import { equalBytes, sha256 } from '../../core/index.ts';
import { bootstrapGroup, type PublicGroup } from '../../core/mls/index.ts';

/**
 * The MLS group that commits are judged by, in memory. A cache of the GroupInfo in force: the state of the chain names that by
 * its hash, and the group is made of it anew whenever the one in memory is of another epoch.
 */
export class FollowedGroup {
  readonly #read: (hash: Uint8Array) => Uint8Array | undefined;
  #kept: { readonly hash: Uint8Array; readonly group: PublicGroup } | undefined;

  /** `read` gives stored bytes by their hash. */
  constructor(read: (hash: Uint8Array) => Uint8Array | undefined) {
    this.#read = read;
  }

  /** Takes over the group that a commit led to, once the log holds it. */
  keep(hash: Uint8Array, group: PublicGroup): void {
    this.#kept = { hash, group };
  }

  /** Undefined where the GroupInfo is not stored. Throws for stored bytes that are not what the state names. */
  at(hash: Uint8Array): PublicGroup | undefined {
    if (this.#kept === undefined || !equalBytes(this.#kept.hash, hash)) {
      const bytes = this.#read(hash);
      if (bytes === undefined) return undefined;
      this.#kept = { hash, group: openStored(bytes, hash) };
    }
    return this.#kept.group;
  }
}

/** Its signatures were verified before it was stored, so the hash stands for them. */
function openStored(bytes: Uint8Array, hash: Uint8Array): PublicGroup {
  if (!equalBytes(sha256(bytes), hash)) throw new Error('the stored GroupInfo is not the one that the state names');
  const opened = bootstrapGroup(bytes);
  if (!opened.ok) throw new Error(`the GroupInfo in force is refused: ${opened.error.code}`);
  return opened.value.group;
}
