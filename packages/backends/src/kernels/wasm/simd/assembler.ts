import { i32, unsigned, type Code } from './instructions.ts'

/*
 * A few lines of WebAssembly assembler: enough to write loops over 128-bit vectors as TypeScript expressions, so that no
 * compiler and no binary file is needed. Instructions are in `instructions.ts`; here are variables, loops, functions and
 * the module.
 */
const VALUE_TYPES = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const
export type ValueType = keyof typeof VALUE_TYPES

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

/** A function without result, of i32 parameters. */
export interface WasmFunction<Name extends string = string, P extends readonly string[] = readonly string[]> {
  readonly name: Name
  readonly parameters: P
  readonly locals: readonly ValueType[]
  readonly body: Code
}

/** A number for the parameter of that name. The name is there to be read, by people and in the editor. */
export type Argument<Name extends string> = number | (number & { readonly parameter?: Name })

/** What a function is called with: one number for each parameter, in their order. */
export type Arguments<P extends readonly string[]> = { readonly [I in keyof P]: Argument<P[I]> }

/** A function of these parameters, as a type of TypeScript. */
export type Callable<P extends readonly string[]> = (...numbers: Arguments<P>) => void

/** @param parameters names: pointers in bytes, counts */
export function wasmFunction<Name extends string, const P extends readonly string[]>(
  name: Name,
  parameters: P,
  build: (parameters: Readonly<Record<P[number], Local>>, declare: Declare) => readonly Code[],
): WasmFunction<Name, P> {
  const locals: ValueType[] = []
  const declare: Declare = (type) => local(parameters.length + locals.push(type) - 1)
  const named = Object.fromEntries(parameters.map((parameter, i) => [parameter, local(i)])) as Record<P[number], Local>
  return { name, parameters, body: build(named, declare).flat(), locals }
}

const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes]
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()]
const text = (value: string): Code => sized([...new TextEncoder().encode(value)])
const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))]

/** A module that works on the memory imported as `env.memory` and exports its functions by name. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }): Code => [0x60, ...list(parameters.map(() => [VALUE_TYPES.i32])), 0])
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
