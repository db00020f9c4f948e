import { err, ok, type Result } from '../result.ts';
import { readCode } from './check-body.ts';
import { readFunctions, readGlobals, readImports, readMemories, readTables, readTypes } from './declarations.ts';
import { MAX_CUSTOM_BYTES, MAX_CUSTOM_SECTIONS, MAX_MODULE_BYTES } from './module-limits.ts';
import { ModuleDraft, type ModuleImage, type VerifiedModule } from './module-image.ts';
import { ModuleReader } from './module-reader.ts';
import { ModuleFault, type ModuleRefusal, type ModuleRule } from './module-rules.ts';
import { checkExportsAreThere, readExports } from './policy-abi.ts';
import { readData, readDataCount, readElements } from './segments.ts';

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const VERSION = [0x01, 0x00, 0x00, 0x00];

export const HEADER_BYTES = MAGIC.length + VERSION.length;

/** The ids of sections, as far as others name them. */
export const SECTION = { custom: 0, type: 1, function: 3, global: 6, export: 7, code: 10, tag: 13 } as const;

type ReadSection = (reader: ModuleReader, draft: ModuleDraft) => void;

/** In the order in which they stand (core specification, 5.5.2), each with what reads it, or the rule that it breaks. */
const SECTIONS: readonly (readonly [id: number, read: ReadSection | ModuleRule])[] = [
  [SECTION.type, readTypes],
  [2, readImports],
  [SECTION.function, readFunctions],
  [4, readTables],
  [5, readMemories],
  [SECTION.tag, 'exception-tag'],
  [SECTION.global, readGlobals],
  [SECTION.export, readExports],
  [8, 'start-function'],
  [9, readElements],
  [12, readDataCount],
  [SECTION.code, readCode],
  [11, readData],
];

/** The ids of sections in the order in which they stand. */
export const SECTION_ORDER: readonly number[] = SECTIONS.map(([id]) => id);

/**
 * Checks that bytes are a policy module: core WebAssembly on integers, complete, of sound types, without imports, with the
 * exports of a policy and within all bounds (`PM1`–`PM9`). Reads each byte once, compiles nothing, and refuses at the first
 * that breaks a rule. Any engine takes what this takes. `bytes` are kept, not copied: don't change them afterwards.
 */
export function verifyModuleStatically(bytes: Uint8Array): Result<VerifiedModule, ModuleRefusal> {
  if (bytes.length > MAX_MODULE_BYTES) return err({ rule: 'module-size', offset: MAX_MODULE_BYTES });
  try {
    const image: ModuleImage = readModule(bytes);
    return ok(image as VerifiedModule);
  } catch (fault) {
    if (fault instanceof ModuleFault) return err(fault.refusal);
    throw fault;
  }
}

function readModule(bytes: Uint8Array): ModuleDraft {
  const reader = new ModuleReader(bytes);
  for (const byte of MAGIC) if (reader.byte() !== byte) reader.fail('magic', 0);
  for (const byte of VERSION) if (reader.byte() !== byte) reader.fail('version', MAGIC.length);
  const draft = new ModuleDraft(bytes);
  const customs = { count: 0, bytes: 0 };
  let next = 0;
  while (!reader.atEnd) {
    const at = reader.offset;
    const id = reader.byte();
    if (id === SECTION.custom) readCustom(reader, customs, at);
    else next = readSection(reader, draft, { id, at, next });
  }
  checkWhole(reader, draft);
  return draft;
}

/** Gives the place in `SECTIONS` from which the next one has to be. */
function readSection(
  reader: ModuleReader,
  draft: ModuleDraft,
  { id, at, next }: { readonly id: number; readonly at: number; readonly next: number },
): number {
  const place = SECTIONS.findIndex((section) => section[0] === id);
  const [, read] = SECTIONS[place] ?? reader.fail('section-unknown', at);
  if (typeof read === 'string') reader.fail(read, at);
  if (draft.sections.has(id)) reader.fail('section-duplicate', at);
  if (place < next) reader.fail('section-order', at);
  const byteCount = reader.u32();
  const start = reader.offset;
  reader.within(byteCount, 'section-size', () => read(reader, draft));
  draft.sections.set(id, { start, end: reader.offset });
  return place + 1;
}

/** Nothing of a custom section has a meaning here, and the metered module has none of them. */
function readCustom(reader: ModuleReader, customs: { count: number; bytes: number }, at: number): void {
  const byteCount = reader.u32();
  customs.count += 1;
  customs.bytes += byteCount;
  if (customs.count > MAX_CUSTOM_SECTIONS || customs.bytes > MAX_CUSTOM_BYTES) reader.fail('custom-sections', at);
  reader.within(byteCount, 'section-size', () => {
    const start = reader.offset;
    reader.name();
    reader.take(byteCount - (reader.offset - start));
  });
}

/** What only the end of the module can tell. */
function checkWhole(reader: ModuleReader, draft: ModuleDraft): void {
  if (draft.bodies.length !== draft.functions.length) reader.fail('code-count');
  if (draft.dataCount !== undefined && draft.dataSegments !== draft.dataCount) reader.fail('data-count');
  if (draft.memory === undefined) reader.fail('memory-missing');
  checkExportsAreThere(reader, draft);
}
