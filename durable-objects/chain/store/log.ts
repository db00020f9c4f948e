import { nodeReaderOfRows, type NodeReader } from '../../../core/index.ts';
import { firstRow } from '../../first-row.ts';
import { insertRows, insertStatements } from '../../insert-rows.ts';
import { listStatements, selectFromList } from '../../select-list.ts';

/** One row of the chain. See `schema.ts` for what `nodes` holds. */
export interface LogRow {
  readonly index: number;
  /** The encoded Entry, at most 65,535 bytes. */
  readonly entry: Uint8Array;
  /** 32 bytes for each perfect subtree that this leaf completes, the leaf hash first. */
  readonly nodes: Uint8Array;
  /** event_id[16] || actor[32]: unique for ever within a chain. */
  readonly eventKey: Uint8Array;
}

/** What is stored under an event's key. */
export type KeyedEntry = Pick<LogRow, 'eventKey' | 'index' | 'entry'>;

/** An entry with its leaf hash, and with its payload while that is hot and has not expired. */
export interface LogPageRow {
  readonly index: number;
  readonly entry: Uint8Array;
  readonly leafHash: Uint8Array;
  readonly payload: Uint8Array | undefined;
}

export interface LogPageQuery {
  readonly from: number;
  readonly limit: number;
  /** Entries and payloads together; the first row is given whatever its size, so that a reader always gets on. */
  readonly maxBytes: number;
  /** Payloads that expired by this time are left out even where their bytes remain. */
  readonly now: number;
  /** Bytes of an entry's payload where that is not here and will come along. */
  readonly coldBytes?: (index: number) => number;
}

const INSERT = insertStatements('log', ['idx', 'entry', 'nodes', 'event_key']);
const SIZE = 'SELECT coalesce(max(idx) + 1, 0) FROM log';
const ENTRY = 'SELECT entry FROM log WHERE idx = ?';
const NODES = 'SELECT nodes FROM log WHERE idx = ?';
const BY_KEYS = listStatements('SELECT event_key, idx, entry FROM log WHERE event_key IN');
const PAGE = `SELECT log.idx, log.entry, substr(log.nodes, 1, 32), payloads.bytes
  FROM log LEFT JOIN payloads ON payloads.idx = log.idx AND payloads.expires_at > ?
  WHERE log.idx >= ? ORDER BY log.idx LIMIT ?`;

/** The chain's rows. It stores and reads what it is given and decides nothing. */
export class LogStore {
  readonly #sql: SqlStorage;

  /** Tree nodes of the log as it is stored. */
  readonly node: NodeReader = nodeReaderOfRows((index) => this.nodes(index));

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Appends rows in the order of their index, the first at `size()`. Triggers throw on anything else: call it inside
   * `transactionSync`, which then leaves nothing behind.
   */
  append(rows: readonly LogRow[]): void {
    insertRows(this.#sql, INSERT, rows, (row) => [row.index, row.entry, row.nodes, row.eventKey]);
  }

  size(): number {
    return firstRow<[number]>(this.#sql.exec(SIZE))?.[0] ?? 0;
  }

  entry(index: number): Uint8Array | undefined {
    return this.#bytes(ENTRY, index);
  }

  /** The hashes of all subtrees that the leaf at `index` completes, the leaf hash first. */
  nodes(index: number): Uint8Array | undefined {
    return this.#bytes(NODES, index);
  }

  /** Those of the events that are stored. */
  eventsOf(keys: readonly Uint8Array[]): KeyedEntry[] {
    const rows = selectFromList<[ArrayBuffer, number, ArrayBuffer]>(this.#sql, BY_KEYS, keys);
    return rows.map(([key, index, entry]) => ({ eventKey: new Uint8Array(key), index, entry: new Uint8Array(entry) }));
  }

  page(query: LogPageQuery): LogPageRow[] {
    const rows: LogPageRow[] = [];
    let bytes = 0;
    const cursor = this.#sql.exec(PAGE, query.now, query.from, query.limit);
    for (const [index, entry, leafHash, payload] of cursor.raw<PageColumns>()) {
      bytes += entry.byteLength + (payload?.byteLength ?? query.coldBytes?.(index) ?? 0);
      if (rows.length > 0 && bytes > query.maxBytes) break;
      rows.push({
        index,
        entry: new Uint8Array(entry),
        leafHash: new Uint8Array(leafHash),
        payload: payload === null ? undefined : new Uint8Array(payload),
      });
    }
    return rows;
  }

  #bytes(query: string, index: number): Uint8Array | undefined {
    const row = firstRow<[ArrayBuffer]>(this.#sql.exec(query, index));
    return row && new Uint8Array(row[0]);
  }
}

type PageColumns = [index: number, entry: ArrayBuffer, leafHash: ArrayBuffer, payload: ArrayBuffer | null];
