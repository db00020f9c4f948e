import { appendLeaf, concatBytes, EMPTY_RANGE, leafHash, type CompactRange } from '../../../core/index.ts';
import type { LogRow } from '../../../durable-objects/chain/store.ts';
import { bytesFor } from '../bytes-for.ts';

/** Rows as an append writes them: real hashes of made-up entries. */
export class LogFixture {
  range: CompactRange = EMPTY_RANGE;

  rows(count: number): LogRow[] {
    return Array.from({ length: count }, () => this.next());
  }

  private next(): LogRow {
    const index = this.range.size;
    const entry = bytesFor('entry', index, 200);
    const { range, completed } = appendLeaf(this.range, leafHash(entry));
    this.range = range;
    const actor = bytesFor('actor', index % 3, 32);
    const eventId = bytesFor('event', index, 16);
    return { index, entry, nodes: concatBytes(...completed), eventKey: concatBytes(eventId, actor) };
  }
}
