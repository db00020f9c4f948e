import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { equalBytes, err, MAX_OBJECT_BYTES, ok, sha256, type ObjectKey } from '../../../core/index.ts';
import type {
  ByteRange,
  KeptObject,
  ListPage,
  ListRequest,
  NodeResult,
  ObjectToKeep,
  StorageNode,
} from '../../../relay/index.ts';

interface Row {
  readonly bytes: Uint8Array;
  readonly sha256: Uint8Array;
  readonly expires_at: number;
}

/** A storage node in a file of this machine: it keeps the contract, and answers thousands of times a second. */
export class FileNode implements StorageNode {
  readonly #put: StatementSync;
  readonly #get: StatementSync;
  readonly #delete: StatementSync;
  readonly #list: StatementSync;

  constructor(path: string) {
    const database = new DatabaseSync(path);
    // No test pulls the plug of the machine that it runs on.
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    database.exec('CREATE TABLE objects (key TEXT PRIMARY KEY, bytes BLOB, sha256 BLOB, expires_at INTEGER)');
    this.#put = database.prepare('REPLACE INTO objects VALUES (?, ?, ?, ?)');
    this.#get = database.prepare('SELECT bytes, sha256, expires_at FROM objects WHERE key = ?');
    this.#delete = database.prepare('DELETE FROM objects WHERE key = ?');
    this.#list = database.prepare(
      'SELECT key, length(bytes) AS size FROM objects WHERE key > ? ORDER BY key COLLATE BINARY LIMIT ?',
    );
  }

  async put(key: ObjectKey, { bytes, sha256: hash, expiresAt }: ObjectToKeep): Promise<NodeResult<void>> {
    if (bytes.length > MAX_OBJECT_BYTES) return err({ code: 'refused', reason: 'too-large' });
    if (expiresAt <= Date.now()) return err({ code: 'refused', reason: 'expiry' });
    if (!equalBytes(sha256(bytes), hash)) return err({ code: 'refused', reason: 'digest-mismatch' });
    this.#put.run(key, bytes, hash, expiresAt);
    return ok(undefined);
  }

  async get(key: ObjectKey): Promise<NodeResult<Uint8Array>> {
    const row = this.#living(key);
    return row === undefined ? err({ code: 'not-found' }) : ok(row.bytes);
  }

  async getRange(key: ObjectKey, { offset, length }: ByteRange): Promise<NodeResult<Uint8Array>> {
    const row = this.#living(key);
    if (row === undefined) return err({ code: 'not-found' });
    if (offset + length > row.bytes.length) return err({ code: 'refused', reason: 'range' });
    return ok(row.bytes.slice(offset, offset + length));
  }

  async head(key: ObjectKey): Promise<NodeResult<KeptObject>> {
    const row = this.#living(key);
    if (row === undefined) return err({ code: 'not-found' });
    return ok({ size: row.bytes.length, sha256: row.sha256, expiresAt: row.expires_at });
  }

  async delete(key: ObjectKey): Promise<NodeResult<void>> {
    this.#delete.run(key);
    return ok(undefined);
  }

  async list({ after = '', limit }: ListRequest): Promise<NodeResult<ListPage>> {
    const objects = this.#list.all(after, limit) as unknown as ListPage['objects'];
    return ok({ objects, next: objects.length < limit ? undefined : objects.at(-1)?.key });
  }

  #living(key: ObjectKey): Row | undefined {
    const row = this.#get.get(key) as Row | undefined;
    return row !== undefined && row.expires_at > Date.now() ? row : undefined;
  }
}
