import fc from 'fast-check';

/** A change to bytes, said in numbers that fit any length, so that a failure shrinks and can be played again. */
export type Edit =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'overwrite'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'delete'; readonly at: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number }
  | { readonly kind: 'truncate'; readonly at: number }
  /** The rest of something else that was genuine, from there on. */
  | { readonly kind: 'splice'; readonly at: number; readonly donor: number };

const place = fc.nat(1_000_000);
/** What integers and length prefixes go wrong at. */
const extremes = fc.constantFrom(
  ...[
    [0],
    [1],
    [0x3f],
    [0x40],
    [0x7f, 0xff],
    [0x80],
    [0xbf],
    [0xff],
    [0x40, 0x00],
    [0x80, 0, 0, 0],
    [0xbf, 0xff, 0xff, 0xff],
  ],
  ...[2, 4, 8, 32].flatMap((width) => [new Array<number>(width).fill(0), new Array<number>(width).fill(0xff)]),
  [0, 0x20, 0, 0, 0, 0, 0, 0],
  [0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
);
const someBytes = fc.oneof(
  extremes.map((bytes) => Uint8Array.from(bytes)),
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('flip'), at: place, bit: fc.nat(7) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('overwrite'), at: place, bytes: someBytes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('insert'), at: place, bytes: someBytes }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('delete'), at: place, length: fc.integer({ min: 1, max: 64 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('repeat'), at: place, length: fc.integer({ min: 1, max: 512 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate'), at: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('splice'), at: place, donor: place }) },
);

/** One to four of them: most of what goes wrong deep inside must leave the rest as it was. */
export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(edit, { minLength: 1, maxLength: 4 });

export function applyEdits(
  bytes: Uint8Array,
  changes: readonly Edit[],
  donors: readonly Uint8Array[] = [],
): Uint8Array {
  return changes.reduce((changed, change) => applyEdit(changed, change, donors), bytes);
}

function applyEdit(bytes: Uint8Array, change: Edit, donors: readonly Uint8Array[]): Uint8Array {
  const at = change.at % (bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (change.kind) {
    case 'flip':
      return joined(before, after.length === 0 ? [] : [(after[0] as number) ^ (1 << change.bit)], after.subarray(1));
    case 'overwrite':
      return joined(before, change.bytes, after.subarray(change.bytes.length));
    case 'insert':
      return joined(before, change.bytes, after);
    case 'delete':
      return joined(before, after.subarray(change.length));
    case 'repeat':
      return joined(before, after.subarray(0, change.length), after);
    case 'truncate':
      return before.slice();
    case 'splice': {
      const donor = donors[change.donor % Math.max(donors.length, 1)] ?? after;
      return joined(before, donor.subarray(change.donor % (donor.length + 1)));
    }
  }
}

function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Text that does not belong into a path, a query or a header, as URLs and headers can carry it. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      '.',
      '..',
      '%',
      '%00',
      '%2e%2e%2f',
      '%ff',
      '-1',
      '0',
      '1e9',
      '00',
      '9007199254740992',
      '99999999999999999999',
    ],
    ...[
      'null',
      '__proto__',
      'constructor',
      '*',
      '*/*;q=2',
      'application/json;q=',
      'sha-256=::',
      '()',
      '"',
      "'",
      '<script>',
      '{}',
    ],
    ...['A'.repeat(43), 'A'.repeat(44), `${'A'.repeat(42)}=`, 'a'.repeat(5_000)],
  ),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
