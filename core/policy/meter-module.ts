import { utf8ToBytes } from '../bytes/index.ts';
import { BodyMeter, writeChargeBody, writeGrowBody, type MeterIndexes } from './meter-body.ts';
import type { VerifiedModule } from './module-image.ts';
import { ModuleReader } from './module-reader.ts';
import { ModuleWriter } from './module-writer.ts';
import { OP } from './operations.ts';
import { I32, I64 } from './value-type.ts';
import { HEADER_BYTES, SECTION, SECTION_ORDER } from './verify-module.ts';

/** Of everything here that what a module costs depends on. One module and one version are one metered module. */
export const METER_VERSION = 2;
/** Under these names the counters are exported; a module has no such exports of its own (`PM3`). */
const FUEL_EXPORT = 'terachat_fuel';
const DEPTH_EXPORT = 'terachat_depth';

const MUTABLE = 1;
const GLOBAL_KIND = 3;
/** What a section without a list holds: none. */
const EMPTY_LIST = Uint8Array.of(0);

/**
 * The module with counters for fuel and depth, and code that stops it when they are used up (`FU1`–`FU6`). Nothing of it
 * can reach the counters, since what it names was checked against what it has itself (`PM7`).
 */
export function meterModule(module: VerifiedModule): Uint8Array {
  const { globals, functions } = module;
  const indexes: MeterIndexes = {
    fuel: globals.length,
    depth: globals.length + 1,
    charge: functions.length,
    grow: functions.length + 1,
  };
  const writer = new ModuleWriter();
  writer.append(module.bytes.subarray(0, HEADER_BYTES));
  for (const id of SECTION_ORDER) {
    if (id === SECTION.code) writeCode(writer, module, indexes);
    else if (ADDED[id] !== undefined) writeLonger(writer, module, id, ADDED[id](module, indexes));
    else copySection(writer, module, id);
  }
  return writer.finish().slice();
}

/** What is put behind the items of a section. */
type AddedItems = readonly ((writer: ModuleWriter) => void)[];

const ADDED: Readonly<Record<number, (module: VerifiedModule, indexes: MeterIndexes) => AddedItems>> = {
  [SECTION.type]: () => [(writer) => writer.write(0x60, 1, I32, 1, I32)],
  [SECTION.function]: ({ types }) => [(writer) => writer.u32(types.length), (writer) => writer.u32(types.length)],
  [SECTION.global]: () => [
    (writer) => writer.write(I64, MUTABLE, OP.i64Const, 0, OP.end),
    (writer) => writer.write(I32, MUTABLE, OP.i32Const, 0, OP.end),
  ],
  [SECTION.export]: (_module, { fuel, depth }) => [
    (writer) => writeExport(writer, FUEL_EXPORT, fuel),
    (writer) => writeExport(writer, DEPTH_EXPORT, depth),
  ],
};

function writeExport(writer: ModuleWriter, name: string, index: number): void {
  writer.sized((text) => text.append(utf8ToBytes(name)));
  writer.write(GLOBAL_KIND);
  writer.u32(index);
}

function writeLonger(writer: ModuleWriter, module: VerifiedModule, id: number, added: AddedItems): void {
  const content = contentOf(module, id) ?? EMPTY_LIST;
  const reader = new ModuleReader(content);
  const count = reader.u32();
  writer.write(id);
  writer.sized((section) => {
    section.u32(count + added.length);
    section.append(content.subarray(reader.offset));
    for (const write of added) write(section);
  });
}

function writeCode(writer: ModuleWriter, module: VerifiedModule, indexes: MeterIndexes): void {
  const { bodies, functions, memory } = module;
  writer.write(SECTION.code);
  writer.sized((section) => {
    section.u32(bodies.length + 2);
    for (const [i, body] of bodies.entries()) {
      const type = functions[i];
      if (type === undefined) throw new Error('a verified module has a type for each body');
      section.sized((code) => new BodyMeter(code, module, indexes).write(body, type));
    }
    section.sized((code) => writeChargeBody(code, indexes));
    section.sized((code) => writeGrowBody(code, indexes, memory?.maximum ?? 0));
  });
}

function copySection(writer: ModuleWriter, module: VerifiedModule, id: number): void {
  const content = contentOf(module, id);
  if (content === undefined) return;
  writer.write(id);
  writer.sized((section) => section.append(content));
}

function contentOf({ bytes, sections }: VerifiedModule, id: number): Uint8Array | undefined {
  const range = sections.get(id);
  return range && bytes.subarray(range.start, range.end);
}
