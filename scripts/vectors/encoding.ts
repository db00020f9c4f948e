import { decode, fromHex, printNotation, toHex, type Codec, type Json } from '../../core/index.ts';
import { sampleCodecs } from './sample-codecs.ts';

/** Bytes, and what they are: the JSON view of a value, or the reason why they are none and where. */
export interface EncodingVector {
  readonly codec: string;
  readonly hex: string;
  readonly value?: Json;
  readonly refusal?: { readonly reason: string; readonly offset: number };
}

/** In each row: the codec, and encodings of it that are valid or not. Which is which, the code says when they are made. */
const rows: readonly (readonly [string, readonly string[]])[] = [
  ['uint8', ['00', 'ff', '', '0000']],
  ['uint16', ['0102', '01', '010203']],
  ['uint32', ['fffefdfc', 'fffefd']],
  ['uint64', ['0000000000000000', '001fffffffffffff', '0020000000000000', 'ffffffffffffffff', '00000000000000']],
  ['version1', ['0001', '0002', '0000', '01']],
  ['opaque2', ['aabb', 'aa', 'aabbcc']],
  [
    'bytes',
    [
      '00',
      '01aa',
      `3f${'ab'.repeat(63)}`,
      `4040${'ab'.repeat(64)}`,
      `80004000${'ab'.repeat(16_384)}`,
      '4000',
      `403f${'ab'.repeat(63)}`,
      '80000000',
      '80003fff',
      'c000000000000000',
      '40',
      '02aa',
      'bfffffff',
    ],
  ],
  ['bytes3', ['03010203', '0401020304']],
  [
    'text',
    [
      '00',
      '05c3a9e282ac',
      '04f09f9880',
      '01ff',
      '02c0af',
      '03eda080',
      '04f4908080',
      '0261c3',
      '0b6162636465666768696a6b',
    ],
  ],
  ['colour', ['01', '02', '00', '03', 'ff']],
  ['point', ['010002', '0100', '01000203']],
  [
    'points',
    ['00', '03010002', '09010002030004050006', '0c010002030004050006070008', '020100', '04010002', '0401000205'],
  ],
  ['nested', ['00', '0100', '0501aa02bbcc', '0301aa05', '0601aa0105ff']],
  ['set', ['00', '0101', '03010203', '020201', '020101', '050102030405']],
  ['maybe', ['00', '0100', '01ff', '02', '0001', '01']],
  ['shape', ['01', '020009', '010009', '02', '03', '00']],
];

export function encodingVectors(): readonly EncodingVector[] {
  return rows.flatMap(([codec, texts]) => texts.map((hex) => describe(codec, hex)));
}

/** The presentation language of each codec that the vectors name. */
export function encodingDefinitions(): Readonly<Record<string, string>> {
  return Object.fromEntries(rows.map(([name]) => [name, printNotation(codecOf(name).notation)]));
}

function describe(codec: string, hex: string): EncodingVector {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error(`${hex} is no hexadecimal`);
  const decoded = decode(codecOf(codec), bytes);
  if (decoded.ok) return { codec, hex: toHex(bytes), value: codecOf(codec).view(decoded.value) };
  const { reason, offset } = decoded.error;
  return { codec, hex, refusal: { reason, offset } };
}

function codecOf(name: string): Codec<unknown> {
  const codec = sampleCodecs[name];
  if (codec === undefined) throw new Error(`no sample codec is called ${name}`);
  return codec;
}
