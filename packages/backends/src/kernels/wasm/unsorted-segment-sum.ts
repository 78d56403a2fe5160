import { sizeOf } from '@gpdjs/core'
import { wasmKernel } from './kernel.ts'

interface Attributes {
  readonly numSegments: number
}

/** `out[s] = Σ x[i] where segmentIds[i] = s`; rows with an id outside the segments are dropped. */
export const unsortedSegmentSum = wasmKernel<'x' | 'segmentIds', Attributes>({
  name: 'UnsortedSegmentSum',
  defect: 'missing',
  problem: 'is missing: no embedding can be trained',
  create:
    () =>
    ({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) => {
      const rowShape = x.shape.slice(segmentIds.shape.length)
      const size = sizeOf(rowShape)
      const out = backend.makeOutput([numSegments, ...rowShape], x.dtype)
      const sums = backend.typedArrayFromHeap(out).fill(0)
      const [values, ids] = [backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(segmentIds)]
      for (let row = 0; row < ids.length; row++) {
        const segment = ids[row]!
        if (segment < 0 || segment >= numSegments) continue
        for (let i = 0; i < size; i++) sums[segment * size + i]! += values[row * size + i]!
      }
      return out
    },
})
