/**
 * Products over GF(2^8), 0x11d, for Reed-Solomon (`RS1`). AssemblyScript: `npm run kernels` compiles it twice, with and
 * without relaxed SIMD.
 *
 * A byte times a constant is low[byte & 15] ^ high[byte >> 4], two tables of 16 bytes, so that two swizzles multiply 16
 * bytes (Plank, Greenan, Miller: Screaming Fast Galois Field Arithmetic Using Intel SIMD Instructions, FAST 2013).
 */

/** Of one coefficient: its low and its high table. */
const TABLES: usize = 32;
const POINTER: usize = 4;

/**
 * Writes `outputs` rows of a matrix times `inputs` shards of `bytes` each, a multiple of 64. `plan` is where the inputs'
 * addresses lie, then the outputs', each as u32; `tables` has the coefficients in the order in which they are used here:
 * rows in fours, then what is left as two and one; in each of these, column by column. The host vouches for all of it.
 */
export function product(plan: usize, tables: usize, inputs: u32, outputs: u32, bytes: usize): void {
  const end = plan + <usize>inputs * POINTER;
  let output = end;
  let table = tables;
  let left = outputs;
  while (left >= 4) {
    fourRows(plan, end, output, table, bytes);
    table += <usize>inputs * 4 * TABLES;
    output += 4 * POINTER;
    left -= 4;
  }
  if (left >= 2) {
    twoRows(plan, end, output, table, bytes);
    table += <usize>inputs * 2 * TABLES;
    output += 2 * POINTER;
    left -= 2;
  }
  if (left >= 1) oneRow(plan, end, output, table, bytes);
}

/** 32 bytes at a time: with more, the sums would not fit the 16 registers of x86. */
function fourRows(plan: usize, end: usize, output: usize, tables: usize, bytes: usize): void {
  const out0: usize = load<u32>(output);
  const out1: usize = load<u32>(output, 4);
  const out2: usize = load<u32>(output, 8);
  const out3: usize = load<u32>(output, 12);
  for (let at: usize = 0; at < bytes; at += 32) {
    let a0 = i64x2.splat(0);
    let b0 = a0;
    let a1 = a0;
    let b1 = a0;
    let a2 = a0;
    let b2 = a0;
    let a3 = a0;
    let b3 = a0;
    let table = tables;
    for (let input = plan; input < end; input += POINTER) {
      const source = <usize>load<u32>(input) + at;
      const a = v128.load(source);
      const aLow = lowNibbles(a);
      const aHigh = highNibbles(a);
      const b = v128.load(source, 16);
      const bLow = lowNibbles(b);
      const bHigh = highNibbles(b);
      let low = v128.load(table);
      let high = v128.load(table, 16);
      a0 = add(a0, pick(low, aLow), pick(high, aHigh));
      b0 = add(b0, pick(low, bLow), pick(high, bHigh));
      low = v128.load(table, 32);
      high = v128.load(table, 48);
      a1 = add(a1, pick(low, aLow), pick(high, aHigh));
      b1 = add(b1, pick(low, bLow), pick(high, bHigh));
      low = v128.load(table, 64);
      high = v128.load(table, 80);
      a2 = add(a2, pick(low, aLow), pick(high, aHigh));
      b2 = add(b2, pick(low, bLow), pick(high, bHigh));
      low = v128.load(table, 96);
      high = v128.load(table, 112);
      a3 = add(a3, pick(low, aLow), pick(high, aHigh));
      b3 = add(b3, pick(low, bLow), pick(high, bHigh));
      table += 4 * TABLES;
    }
    store32(out0 + at, a0, b0);
    store32(out1 + at, a1, b1);
    store32(out2 + at, a2, b2);
    store32(out3 + at, a3, b3);
  }
}

/** 64 bytes at a time, so that four vectors share the loading of the tables. */
function twoRows(plan: usize, end: usize, output: usize, tables: usize, bytes: usize): void {
  const out0: usize = load<u32>(output);
  const out1: usize = load<u32>(output, 4);
  for (let at: usize = 0; at < bytes; at += 64) {
    let a0 = i64x2.splat(0);
    let b0 = a0;
    let c0 = a0;
    let d0 = a0;
    let a1 = a0;
    let b1 = a0;
    let c1 = a0;
    let d1 = a0;
    let table = tables;
    for (let input = plan; input < end; input += POINTER) {
      const source = <usize>load<u32>(input) + at;
      const low0 = v128.load(table);
      const high0 = v128.load(table, 16);
      const low1 = v128.load(table, 32);
      const high1 = v128.load(table, 48);
      let vector = v128.load(source);
      let lows = lowNibbles(vector);
      let highs = highNibbles(vector);
      a0 = add(a0, pick(low0, lows), pick(high0, highs));
      a1 = add(a1, pick(low1, lows), pick(high1, highs));
      vector = v128.load(source, 16);
      lows = lowNibbles(vector);
      highs = highNibbles(vector);
      b0 = add(b0, pick(low0, lows), pick(high0, highs));
      b1 = add(b1, pick(low1, lows), pick(high1, highs));
      vector = v128.load(source, 32);
      lows = lowNibbles(vector);
      highs = highNibbles(vector);
      c0 = add(c0, pick(low0, lows), pick(high0, highs));
      c1 = add(c1, pick(low1, lows), pick(high1, highs));
      vector = v128.load(source, 48);
      lows = lowNibbles(vector);
      highs = highNibbles(vector);
      d0 = add(d0, pick(low0, lows), pick(high0, highs));
      d1 = add(d1, pick(low1, lows), pick(high1, highs));
      table += 2 * TABLES;
    }
    store32(out0 + at, a0, b0);
    store32(out0 + at + 32, c0, d0);
    store32(out1 + at, a1, b1);
    store32(out1 + at + 32, c1, d1);
  }
}

function oneRow(plan: usize, end: usize, output: usize, tables: usize, bytes: usize): void {
  const out: usize = load<u32>(output);
  for (let at: usize = 0; at < bytes; at += 64) {
    let a = i64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let table = tables;
    for (let input = plan; input < end; input += POINTER) {
      const source = <usize>load<u32>(input) + at;
      const low = v128.load(table);
      const high = v128.load(table, 16);
      a = addMultiple(a, low, high, v128.load(source));
      b = addMultiple(b, low, high, v128.load(source, 16));
      c = addMultiple(c, low, high, v128.load(source, 32));
      d = addMultiple(d, low, high, v128.load(source, 48));
      table += TABLES;
    }
    store32(out + at, a, b);
    store32(out + at + 32, c, d);
  }
}

function addMultiple(sum: v128, low: v128, high: v128, vector: v128): v128 {
  return add(sum, pick(low, lowNibbles(vector)), pick(high, highNibbles(vector)));
}

function add(sum: v128, lowPart: v128, highPart: v128): v128 {
  return v128.xor(sum, v128.xor(lowPart, highPart));
}

function store32(address: usize, first: v128, second: v128): void {
  v128.store(address, first);
  v128.store(address, second, 16);
}

function lowNibbles(vector: v128): v128 {
  return v128.and(vector, i8x16.splat(0x0f));
}

/** Shifts words of 16 bits, since x86 shifts no bytes; the mask drops what came from the neighbour. */
function highNibbles(vector: v128): v128 {
  return v128.and(i16x8.shr_u(vector, 4), i8x16.splat(0x0f));
}

/** Indexes are nibbles, below 16, where the relaxed instruction is as exact as the other; it saves an addition on x86. */
function pick(table: v128, nibbles: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, nibbles);
  return i8x16.swizzle(table, nibbles);
}
