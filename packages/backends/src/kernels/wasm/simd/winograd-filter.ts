import { wasmFunction } from './assembler.ts'
import { f32, f32x4, i32, type Code } from './instructions.ts'
import { bytes, everyFour, vectors } from './every-four.ts'

const { add, sub, load, store } = f32x4

/** `G w Gᵀ` of 3×3 taps of `count` weights each; the 16 results follow one another as the taps do. */
export const winogradFilter = wasmFunction('winogradFilter', ['w', 'out', 'count'], (p, declare) => {
  const [index, from, to, tap, half] = [declare('i32'), declare('i32'), declare('i32'), declare('i32'), declare('v128')]
  const [t0, t1, t2] = [declare('v128'), declare('v128'), declare('v128')]
  const halved = (value: Code) => f32x4.mul(value, half.get)
  const at = (row: number, column: number) => load(i32.add(from.get, i32.mul(tap.get, i32.const(3 * row + column))))
  const save = (value: Code): Code => [...store(to.get, value), ...to.advance(tap.get)]
  const ends = (j: number) => add(at(0, j), at(2, j))
  const tileRow = (f: (column: number) => Code): Code => [
    ...[t0, t1, t2].flatMap((t, j) => t.set(f(j))),
    ...save(t0.get),
    ...save(halved(add(add(t0.get, t2.get), t1.get))),
    ...save(halved(sub(add(t0.get, t2.get), t1.get))),
    ...save(t2.get),
  ]
  return [
    tap.set(bytes(p.count)),
    half.set(f32x4.splat(f32.half)),
    everyFour(
      p.count,
      index,
      from.set(i32.add(p.w.get, bytes(index))),
      to.set(i32.add(p.out.get, bytes(index))),
      tileRow((j) => at(0, j)),
      tileRow((j) => halved(add(ends(j), at(1, j)))),
      tileRow((j) => halved(sub(ends(j), at(1, j)))),
      tileRow((j) => at(2, j)),
    ),
  ]
})

/** `Gᵀ u G`, the adjoint of `winogradFilter`: from 16 stretches of `count` numbers to nine. */
export const winogradFilterGradient = wasmFunction('winogradFilterGradient', ['u', 'out', 'count'], (p, declare) => {
  const [index, from, to, tap, half] = [declare('i32'), declare('i32'), declare('i32'), declare('i32'), declare('v128')]
  const t = vectors(declare)
  const [t0, t1, t2, t3] = t.map(({ get }) => get) as [Code, Code, Code, Code]
  const halved = (value: Code) => f32x4.mul(value, half.get)
  const at = (row: number, column: number) => load(i32.add(from.get, i32.mul(tap.get, i32.const(4 * row + column))))
  const middle = (j: number) => halved(add(at(1, j), at(2, j)))
  const save = (value: Code): Code => [...store(to.get, value), ...to.advance(tap.get)]
  const tapRow = (f: (column: number) => Code): Code => [
    ...t.flatMap((local, j) => local.set(f(j))),
    ...save(add(t0, halved(add(t1, t2)))),
    ...save(halved(sub(t1, t2))),
    ...save(add(halved(add(t1, t2)), t3)),
  ]
  return [
    tap.set(bytes(p.count)),
    half.set(f32x4.splat(f32.half)),
    everyFour(
      p.count,
      index,
      from.set(i32.add(p.u.get, bytes(index))),
      to.set(i32.add(p.out.get, bytes(index))),
      tapRow((j) => add(at(0, j), middle(j))),
      tapRow((j) => halved(sub(at(1, j), at(2, j)))),
      tapRow((j) => add(middle(j), at(3, j))),
    ),
  ]
})
