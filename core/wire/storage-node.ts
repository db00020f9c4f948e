import type { Brand } from '../bytes/index.ts';
import { struct, text, uint64, vector, type Decoded } from '../codec/index.ts';
import { MAX_OBJECT_KEY_CHARS, MAX_OBJECT_PAGE } from './limits.ts';

/** Name of an object at a storage node: it is the same in a URL, in a bucket and in a signature, without any escape (`SN1`). */
export type ObjectKey = Brand<string, 'ObjectKey'>;

const KEY = /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*$/;

/** Undefined for what is no key. */
export function parseObjectKey(text: string): ObjectKey | undefined {
  return text.length <= MAX_OBJECT_KEY_CHARS && KEY.test(text) ? (text as ObjectKey) : undefined;
}

/** Where a peer keeps its objects; a key follows, or nothing for the list. */
export const SHARDS_PATH = '/v1/shards';

/** Header of an object's answer: when it expires, ms since the Unix epoch. */
export const EXPIRES_AT_HEADER = 'terachat-expires-at';

const key = text(MAX_OBJECT_KEY_CHARS);

/** An object as its node lists it. */
const listedObject = struct('ListedObject', { key, size: uint64 });

/** Objects by rising key, expired ones that are not yet removed among them (`SN8`). */
export const objectPage = struct('ObjectPage', {
  objects: vector(listedObject, MAX_OBJECT_PAGE),
  /** Where to list on; empty at the end. */
  next: key,
});

/** What `listedObject` encodes. */
export type ListedObject = Decoded<typeof listedObject>;
/** What `objectPage` encodes. */
export type ObjectPage = Decoded<typeof objectPage>;
