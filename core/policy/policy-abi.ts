import type { ModuleDraft } from './module-image.ts';
import type { ModuleReader } from './module-reader.ts';
import { equalFunctionTypes, I32, I64, type FunctionType } from './value-type.ts';

const FUNCTION_KIND = 0;
const MEMORY_KIND = 2;
const NOTHING: FunctionType = { parameters: [], result: undefined };

/** What a policy exports: functions by their types, or its memory (`PM3`). */
const EXPORTS: Readonly<Record<string, FunctionType | 'memory'>> = {
  memory: 'memory',
  policy_abi_v1: NOTHING,
  alloc: { parameters: [I32], result: I32 },
  apply: { parameters: [I32, I32, I32, I32], result: I64 },
  _initialize: NOTHING,
  migrate: { parameters: [I32, I32], result: I64 },
};
const REQUIRED = ['memory', 'policy_abi_v1', 'alloc', 'apply'];

export function readExports(reader: ModuleReader, draft: ModuleDraft): void {
  const count = reader.u32();
  for (let i = 0; i < count; i++) {
    const at = reader.offset;
    const name = reader.name();
    if (!Object.hasOwn(EXPORTS, name)) reader.fail('export-unknown', at);
    if (draft.exports.has(name)) reader.fail('export-duplicate', at);
    draft.exports.add(name);
    readExported(reader, draft, EXPORTS[name] as FunctionType | 'memory');
  }
}

/** Names an export that is missing for its rule to be broken at the end of the module, where it is known. */
export function checkExportsAreThere(reader: ModuleReader, draft: ModuleDraft): void {
  if (REQUIRED.some((name) => !draft.exports.has(name))) reader.fail('export-missing');
}

function readExported(reader: ModuleReader, draft: ModuleDraft, expected: FunctionType | 'memory'): void {
  const kindAt = reader.offset;
  const kind = reader.byte();
  if (kind !== (expected === 'memory' ? MEMORY_KIND : FUNCTION_KIND)) reader.fail('export-kind', kindAt);
  const at = reader.offset;
  const index = reader.u32();
  if (expected === 'memory') {
    if (index !== 0 || draft.memory === undefined) reader.fail('memory-index', at);
    return;
  }
  const type = draft.functions[index] ?? reader.fail('function-index', at);
  if (!equalFunctionTypes(type, expected)) reader.fail('export-type', at);
}
