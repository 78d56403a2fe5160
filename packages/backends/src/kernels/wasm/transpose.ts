import { sizeOf } from '@gpdjs/core'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { addressesOf, type WasmBackend } from './wasm-backend.ts'

const FLOAT = 4

/** An axis, and the bytes from one of its entries to the next: in the tensor (`from`) and in the result (`to`). */
interface Axis {
  readonly size: number
  readonly from: number
  readonly to: number
}

const stridesOf = (shape: readonly number[]) => shape.map((_, axis) => FLOAT * sizeOf(shape.slice(axis + 1)))

/** The axes of x, outermost first, without those of size one; axes that stay neighbors in the result are joined to one. */
function axesOf(shape: readonly number[], perm: readonly number[]): readonly Axis[] {
  const from = stridesOf(shape)
  const to = stridesOf(perm.map((axis) => shape[axis]!))
  const axes: Axis[] = []
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue
    const inner = { size, from: from[axis]!, to: to[perm.indexOf(axis)]! }
    const outer = axes.at(-1)
    const isOne = outer?.from === size * inner.from && outer.to === size * inner.to
    if (isOne) axes.pop()
    axes.push(isOne ? { ...inner, size: outer.size * size } : inner)
  }
  return axes
}

/** Calls `f` with both offsets of every entry of the axes. */
function forEachOffset(axes: readonly Axis[], f: (from: number, to: number) => void, from = 0, to = 0): void {
  const [axis, ...inner] = axes
  if (axis === undefined) return f(from, to)
  for (let i = 0; i < axis.size; i++) forEachOffset(inner, f, from + i * axis.from, to + i * axis.to)
}

/** An axis that is one entry long. */
const SINGLE: Axis = { size: 1, from: 0, to: 0 }

/** Moves every number: planes of the innermost axes, of x and of the result, and many planes at a time. */
function move(backend: WasmBackend, x: number, out: number, axes: readonly Axis[]): void {
  const { channelCopy, transposeMatrices } = simd(backend)
  const [columns, rows] = [axes.find(({ from }) => from === FLOAT)!, axes.find(({ to }) => to === FLOAT)!]
  const others = axes.filter((axis) => axis !== columns && axis !== rows).sort((a, b) => b.size - a.size)
  const [longest = SINGLE, ...rest] = others
  forEachOffset(rest, (from, to) => {
    if (rows === columns) {
      channelCopy(x + from, longest.from, out + to, longest.to, longest.size, rows.size)
    } else {
      const planes = [longest.size, longest.from, longest.to] as const
      transposeMatrices(x + from, out + to, rows.size, columns.size, rows.from, columns.to, ...planes)
    }
  })
}

interface Attributes {
  readonly perm: readonly number[]
}

export const transpose = wasmKernel<'x', Attributes>({
  name: 'Transpose',
  defect: 'slow',
  problem: 'computes the place of every number of four and more axes: a hundred times slower than copying',
  create: (stock) => (call) => {
    const { x } = call.inputs
    const { perm } = call.attrs
    const axes = axesOf(x.shape, perm)
    const hasFourBytes = x.dtype === 'float32' || x.dtype === 'int32'
    if (!hasFourBytes || axes.length < 2) return stock!(call)
    const shape = perm.map((axis) => x.shape[axis]!)
    const out = call.backend.makeOutput(shape, x.dtype)
    if (sizeOf(shape) === 0) return out
    move(call.backend, ...addressesOf(call.backend, x, out), axes)
    return out
  },
})
