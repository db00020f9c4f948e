import { concatBytes, verifyModuleStatically, type VerifiedModule } from '../../core/index.ts';

const FUNCTION_SECTION = 3;
const CODE_SECTION = 10;
/** Of the format: magic number and version. */
const HEADER_BYTES = 8;

/** A module with its functions again and again behind themselves, until it has about so many bytes. Nothing calls the later ones. */
export function enlargeModule(module: Uint8Array, bytes: number): Uint8Array {
  const verified = verifyModuleStatically(module);
  if (!verified.ok) throw new Error(`no policy: ${verified.error.rule}`);
  const { sections, bodies } = verified.value;
  const codeBytes = bodies.reduce((sum, { start, end }) => sum + end - start, 0);
  const times = Math.ceil((bytes - module.length) / codeBytes) + 1;
  const parts = [...sections.keys()].map((id) => {
    const content =
      id === FUNCTION_SECTION || id === CODE_SECTION ? repeated(verified.value, id, times) : partOf(verified.value, id);
    return concatBytes(Uint8Array.of(id), leb128(content.length), content);
  });
  return concatBytes(module.subarray(0, HEADER_BYTES), ...parts);
}

function partOf({ bytes, sections }: VerifiedModule, id: number): Uint8Array {
  const range = sections.get(id);
  return bytes.subarray(range?.start, range?.end);
}

/** A section that is a list of something for each function. */
function repeated(module: VerifiedModule, id: number, times: number): Uint8Array {
  const count = module.bodies.length;
  const items = partOf(module, id).subarray(leb128(count).length);
  return concatBytes(leb128(count * times), ...Array.from({ length: times }, () => items));
}

function leb128(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}
