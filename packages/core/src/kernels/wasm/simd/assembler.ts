/**
 * A few lines of WebAssembly assembler: enough to write loops over 128-bit vectors as TypeScript expressions, so that no
 * compiler and no binary file is needed. Each expression is the bytes that leave its value on the stack.
 *
 * @see "WebAssembly Core Specification", 2.0, chapter 5 (binary format), and its vector instructions
 */
export type Code = readonly number[]

const VALUE_TYPES = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const
export type ValueType = keyof typeof VALUE_TYPES

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

export const f32x4 = {
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
  zero: [...vector(12), ...new Array<number>(16).fill(0)] as Code,
  add: binary(vector(0xe4)),
  sub: binary(vector(0xe5)),
  mul: binary(vector(0xe6)),
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

/** Copies bytes within the memory. */
export const memoryCopy = (to: Code, from: Code, bytes: Code): Code => [...to, ...from, ...bytes, 0xfc, 10, 0, 0]

/** A parameter or local variable of a function. */
export interface Local {
  readonly get: Code
  set(value: Code): Code
  /** Adds to a pointer or counter. */
  advance(bytes: Code): Code
}

const local = (index: number): Local => {
  const get = [0x20, ...unsigned(index)]
  const set = (value: Code): Code => [...value, 0x21, ...unsigned(index)]
  return { get, set, advance: (bytes) => set(i32.add(get, bytes)) }
}

/** Runs the statements while the condition holds; it is tested before each round. */
export const whileLoop = (condition: Code, ...statements: Code[]): Code => [
  ...[0x02, 0x40, 0x03, 0x40], // block { loop {
  ...condition,
  ...[0x45, 0x0d, 1], // i32.eqz; leave the block
  ...statements.flat(),
  ...[0x0c, 0, 0x0b, 0x0b], // again } }
]

/** Runs the statements if the condition holds. */
export const when = (condition: Code, ...statements: Code[]): Code => [
  ...[0x02, 0x40], // block {
  ...condition,
  ...[0x45, 0x0d, 0], // i32.eqz; leave the block
  ...statements.flat(),
  0x0b, // }
]

/** Declares a local variable. */
export type Declare = (type: ValueType) => Local

export interface WasmFunction<Name extends string = string> {
  readonly name: Name
  readonly parameters: readonly ValueType[]
  readonly locals: readonly ValueType[]
  readonly body: Code
}

/**
 * A function without result.
 *
 * @param parameters names of its i32 parameters: pointers in bytes, counts
 */
export function wasmFunction<Name extends string, P extends string>(
  name: Name,
  parameters: readonly P[],
  build: (parameters: Readonly<Record<P, Local>>, declare: Declare) => readonly Code[],
): WasmFunction<Name> {
  const locals: ValueType[] = []
  const declare: Declare = (type) => local(parameters.length + locals.push(type) - 1)
  const named = Object.fromEntries(parameters.map((parameter, i) => [parameter, local(i)])) as Record<P, Local>
  return { name, parameters: parameters.map(() => 'i32'), body: build(named, declare).flat(), locals }
}

const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes]
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()]
const text = (value: string): Code => sized([...new TextEncoder().encode(value)])
const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))]

/** A module that works on the memory imported as `env.memory` and exports its functions by name. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }): Code => [
    0x60,
    ...list(parameters.map((type) => [VALUE_TYPES[type]])),
    0,
  ])
  const bodies = functions.map(({ locals, body }) =>
    sized([...list(locals.map((type) => [1, VALUE_TYPES[type]])), ...body, 0x0b]),
  )
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x00, 0]]),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(
      7,
      functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]),
    ),
    ...section(10, bodies),
  ])
}
