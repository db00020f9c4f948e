import { readConstant } from './declarations.ts';
import { MAX_DATA_SEGMENTS, MAX_ELEMENT_SEGMENTS, MAX_TABLE_ELEMENTS, WASM_PAGE_BYTES } from './module-limits.ts';
import type { ModuleDraft } from './module-image.ts';
import type { ModuleReader } from './module-reader.ts';
import { I32 } from './value-type.ts';

const ACTIVE = 0;
const PASSIVE = 1;

/**
 * Segments lie inside of what they fill, so that no engine has to decide when it makes an instance. There are no more elements than a
 * table has room for: each is put there for every call, before any fuel is counted, and overlapping ones would take far longer than it.
 */
export function readElements(reader: ModuleReader, draft: ModuleDraft): void {
  const count = reader.count(MAX_ELEMENT_SEGMENTS, 'element-limit');
  let left = MAX_TABLE_ELEMENTS;
  for (let i = 0; i < count; i++) {
    const at = reader.offset;
    if (reader.u32() !== ACTIVE) reader.fail('element-kind', at);
    if (draft.tableElements === undefined) reader.fail('table-index', at);
    const first = readConstant(reader, I32);
    const lengthAt = reader.offset;
    const length = reader.u32();
    if (first + length > draft.tableElements) reader.fail('element-bounds', at);
    left -= length;
    if (left < 0) reader.fail('element-limit', lengthAt);
    for (let j = 0; j < length; j++) checkFunctionIndex(reader, draft);
  }
}

export function readDataCount(reader: ModuleReader, draft: ModuleDraft): void {
  draft.dataCount = reader.count(MAX_DATA_SEGMENTS, 'data-limit');
}

export function readData(reader: ModuleReader, draft: ModuleDraft): void {
  const start = reader.offset;
  const count = reader.count(MAX_DATA_SEGMENTS, 'data-limit');
  if (draft.dataCount !== undefined && draft.dataCount !== count) reader.fail('data-count', start);
  for (let i = 0; i < count; i++) {
    const at = reader.offset;
    const kind = reader.u32();
    if (kind > PASSIVE) reader.fail('data-kind', at);
    const first = kind === ACTIVE ? readDataOffset(reader, draft, at) : undefined;
    const length = reader.u32();
    if (first !== undefined && first + length > (draft.memory?.minimum ?? 0) * WASM_PAGE_BYTES) {
      reader.fail('data-bounds', at);
    }
    reader.take(length);
  }
  draft.dataSegments = count;
}

function readDataOffset(reader: ModuleReader, draft: ModuleDraft, at: number): number {
  if (draft.memory === undefined) reader.fail('memory-index', at);
  return readConstant(reader, I32);
}

function checkFunctionIndex(reader: ModuleReader, draft: ModuleDraft): void {
  const at = reader.offset;
  if (reader.u32() >= draft.functions.length) reader.fail('function-index', at);
}
