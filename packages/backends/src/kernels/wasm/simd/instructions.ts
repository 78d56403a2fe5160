/**
 * Instructions of WebAssembly as expressions: the bytes that leave a value on the stack, or that store one.
 *
 * @see "WebAssembly Core Specification", 2.0, chapter 5 (binary format), and its vector instructions
 */
export type Code = readonly number[]

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  do {
    const rest = value >>> 7
    bytes.push((value & 0x7f) | (rest === 0 ? 0 : 0x80))
    value = rest
  } while (value !== 0)
  return bytes
}

/** Signed LEB128. */
export function signed(value: number): number[] {
  const bytes: number[] = []
  for (;;) {
    const low = value & 0x7f
    value >>= 7
    const done = (value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0)
    bytes.push(done ? low : low | 0x80)
    if (done) return bytes
  }
}

const binary =
  (opcode: Code) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode]
const unary =
  (opcode: Code) =>
  (a: Code): Code => [...a, ...opcode]
const vector = (opcode: number): Code => [0xfd, ...unsigned(opcode)]
/** A load; alignment 4 bytes is a promise that floats keep, `offset` is in bytes. */
const load =
  (opcode: Code) =>
  (address: Code, offset = 0): Code => [...address, ...opcode, 2, ...unsigned(offset)]
const store =
  (opcode: Code) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, ...opcode, 2, ...unsigned(offset)]

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: binary([0x6a]),
  sub: binary([0x6b]),
  mul: binary([0x6c]),
  shiftLeft: binary([0x74]),
  lessOrEqual: binary([0x4c]),
  lessThan: binary([0x48]),
  equal: binary([0x46]),
  and: binary([0x71]),
  min: (a: Code, b: Code): Code => [...a, ...b, ...a, ...b, 0x48, 0x1b], // select(a, b, a < b)
}

export const f32 = {
  load: load([0x2a]),
  store: store([0x38]),
  add: binary([0x92]),
  sub: binary([0x93]),
  mul: binary([0x94]),
  zero: [0x43, 0, 0, 0, 0] as Code,
  one: [0x43, 0, 0, 0x80, 0x3f] as Code,
  half: [0x43, 0, 0, 0, 0x3f] as Code,
  greaterThan: binary([0x5e]),
  equal: binary([0x5b]),
  /** `a` if the condition holds, else `b`. */
  select: (a: Code, b: Code, condition: Code): Code => [...a, ...b, ...condition, 0x1b],
}

const constant = (bytes: Code): Code => [...vector(12), ...bytes]
const four = (lane: Uint8Array): Code => constant([...lane, ...lane, ...lane, ...lane])

export const f32x4 = {
  /** A number known beforehand, in every lane. */
  const: (value: number): Code => four(new Uint8Array(Float32Array.of(value).buffer)),
  load: load(vector(0)),
  /** Four copies of one float. */
  loadSplat: load(vector(9)),
  store: store(vector(11)),
  /** Writes one of the four floats. */
  storeLane: (address: Code, value: Code, lane: number, offset = 0): Code => [
    ...address,
    ...value,
    ...vector(90),
    2,
    ...unsigned(offset),
    lane,
  ],
  splat: unary(vector(19)),
  zero: constant(new Array<number>(16).fill(0)),
  add: binary(vector(0xe4)),
  sub: binary(vector(0xe5)),
  mul: binary(vector(0xe6)),
  div: binary(vector(0xe7)),
  /** NaN if one of them is. */
  min: binary(vector(0xe8)),
  max: binary(vector(0xe9)),
  abs: unary(vector(0xe0)),
  /** To the nearest integer. */
  nearest: unary(vector(0x6a)),
  greaterThan: binary(vector(0x44)),
  equal: binary(vector(0x41)),
  and: binary(vector(0x4e)),
  /** Lanes 0–3 of `a` and 4–7 of `b`, four of them. */
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [
    ...a,
    ...b,
    ...vector(13),
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
  ],
  /** Bits of `a` where the mask is set, else of `b`. */
  select: (a: Code, b: Code, mask: Code): Code => [...a, ...b, ...mask, ...vector(0x52)],
}

export const i32x4 = {
  const: (value: number): Code => four(new Uint8Array(Int32Array.of(value).buffer)),
  add: binary(vector(0xae)),
  shiftLeft: binary(vector(0xab)),
  /** Of floats, towards zero. */
  truncate: unary(vector(0xf8)),
}

/** Copies bytes within the memory. */
export const memoryCopy = (to: Code, from: Code, bytes: Code): Code => [...to, ...from, ...bytes, 0xfc, 10, 0, 0]
