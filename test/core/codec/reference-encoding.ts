import type { Notation } from '../../../core/codec/index.ts';

/**
 * TLS presentation language written a second time, from RFC 8446 §3 and RFC 9420 §2 and not from the code under test. It
 * can be told to write one vector's length in a wider prefix than needed, as a sloppy or a sly encoder would.
 */
export function referenceEncode(notation: Notation, value: unknown, widen?: WideVector): Buffer {
  switch (notation.kind) {
    case 'integer':
      return bigEndian(value as number, notation.bits / 8);
    case 'constant':
      return referenceEncode(notation.of, notation.value);
    case 'opaque':
      return Buffer.from(value as Uint8Array);
    case 'opaque-vector':
      return prefixed(Buffer.from(value as Uint8Array), widen);
    case 'text':
      return prefixed(Buffer.from(value as string, 'utf8'), widen);
    case 'choice':
      return bigEndian(notation.values.get(value as string)!, notation.bits / 8);
    case 'vector':
      return prefixed(
        Buffer.concat((value as unknown[]).map((item) => referenceEncode(notation.item, item, widen))),
        widen,
      );
    case 'optional':
      if (value === undefined) return Buffer.of(0);
      return Buffer.concat([Buffer.of(1), referenceEncode(notation.value, value, widen)]);
    case 'struct':
      return Buffer.concat(notation.fields.map(([name, field]) => referenceEncode(field, member(value, name), widen)));
    case 'variant': {
      const kind = member(value, 'kind') as string;
      const arm = referenceEncode(notation.arms.get(kind)!, member(value, 'value'), widen);
      return Buffer.concat([referenceEncode(notation.tag, kind), arm]);
    }
  }
}

/** Counts vectors as they are written; the one that brings `countdown` to zero gets the wider prefix. */
export interface WideVector {
  countdown: number;
}

function prefixed(content: Buffer, widen: WideVector | undefined): Buffer {
  const least = content.length < 64 ? 0 : content.length < 16_384 ? 1 : 2;
  const isWidened = widen !== undefined && --widen.countdown === 0 && least < 2;
  const width = isWidened ? least + 1 : least;
  const prefix = bigEndian(content.length, 2 ** width);
  prefix[0]! |= width << 6;
  return Buffer.concat([prefix, content]);
}

function bigEndian(value: number, byteCount: number): Buffer {
  return Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(2 * byteCount, '0'),
    'hex',
  );
}

function member(value: unknown, name: string): unknown {
  return (value as Record<string, unknown>)[name];
}
