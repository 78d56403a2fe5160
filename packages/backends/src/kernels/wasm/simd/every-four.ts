import { whileLoop, type Declare, type Local } from './assembler.ts'
import { i32, type Code } from './instructions.ts'

export const four = [0, 1, 2, 3] as const
export const bytes = (count: Local) => i32.shiftLeft(count.get, i32.const(2))
export const vectors = (declare: Declare) => four.map(() => declare('v128'))

/** Runs the statements for every four of `count` ≥ 4 floats; the last four may overlap those before. */
export function everyFour(count: Local, index: Local, ...statements: Code[]): Code {
  return [
    ...index.set(i32.const(0)),
    ...whileLoop(
      i32.lessThan(index.get, count.get),
      index.set(i32.min(index.get, i32.sub(count.get, i32.const(4)))),
      ...statements,
      index.advance(i32.const(4)),
    ),
  ]
}
