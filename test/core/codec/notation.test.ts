import { describe, expect, test } from 'vitest';
import {
  choice,
  opaque,
  opaqueVector,
  optional,
  printNotation,
  sortedVector,
  struct,
  text,
  uint16,
  uint64,
  uint8,
  variant,
  vector,
  version,
} from '../../../core/codec/index.ts';

const row = struct('Row', { itemKey: opaque(16), at: uint64 });
const kitchenSink = struct('Sink', {
  version: version(1),
  key: opaque(32),
  body: opaqueVector(100),
  label: text(20),
  maybeRow: optional(row),
  maybeBlob: optional(opaqueVector(9)),
  rows: vector(row, 3),
  keys: vector(opaque(32), 4),
  blobs: vector(opaqueVector(8), 5),
  counts: sortedVector(uint16, 6, (a, b) => a - b),
  state: choice('RowState', { open: 1, 'half-open': 2 }, 16),
  change: variant('Change', choice('ChangeKind', { none: 0, byRow: 1 }), { none: struct('None', {}), byRow: row }),
});

describe('definitions', () => {
  test('print as TLS presentation language, inner structures first and once', () => {
    expect(printNotation(kitchenSink.notation)).toMatchInlineSnapshot(`
      "struct {
        opaque item_key[16];
        uint64 at;
      } Row;

      enum { open(1), half_open(2), (65535) } RowState;

      enum { none(0), by_row(1), (255) } ChangeKind;

      struct {} None;

      struct {
        ChangeKind kind;
        select (Change.kind) {
          case none: None none;
          case by_row: Row by_row;
        };
      } Change;

      struct {
        uint16 version = 1;
        opaque key[32];
        opaque body<V>;  /* at most 100 bytes */
        opaque label<V>;  /* UTF-8, at most 20 bytes */
        optional<Row> maybe_row;
        optional<opaque<V>> maybe_blob;  /* at most 9 bytes */
        Row rows<V>;  /* at most 3 */
        opaque keys<V>;  /* at most 4 of 32 bytes each */
        opaque<V> blobs<V>;  /* at most 5, each at most 8 bytes */
        uint16 counts<V>;  /* at most 6, rising */
        RowState state;
        Change change;
      } Sink;"
    `);
  });

  test('break a long list of names into lines', () => {
    const names = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`a-rather-long-name-${i}`, i]));
    const printed = printNotation(choice('Long', names).notation);
    expect(printed).toMatch(/^enum \{\n {2}a_rather_long_name_0\(0\),\n/);
    expect(printed).toMatch(/\n {2}\(255\)\n\} Long;$/);
  });

  test('show a value that has no name of its own', () => {
    expect(printNotation(text(5).notation)).toBe('opaque value<V>;  /* UTF-8, at most 5 bytes */');
    expect(printNotation(vector(row, 5).notation)).toMatch(/} Row;\n\nRow value<V>; {2}\/\* at most 5 \*\/$/);
  });

  test('never let one name stand for two structures', () => {
    const clash = struct('Outer', { a: struct('Same', { x: uint8 }), b: struct('Same', { y: uint8 }) });
    expect(() => printNotation(clash.notation)).toThrow('Same');
  });
});
