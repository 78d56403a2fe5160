import { wasmFunction, whileLoop } from './assembler.ts'
import { i32, memoryCopy } from './instructions.ts'

/** Copies rows of `bytes`; there may be gaps between the rows of either side. */
export const copyRows = wasmFunction('copyRows', ['from', 'fromRow', 'to', 'toRow', 'rows', 'bytes'], (p) => [
  whileLoop(
    p.rows.get,
    memoryCopy(p.to.get, p.from.get, p.bytes.get),
    p.from.advance(p.fromRow.get),
    p.to.advance(p.toRow.get),
    p.rows.advance(i32.const(-1)),
  ),
])
