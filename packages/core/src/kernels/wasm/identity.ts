import { wasmKernel } from './kernel.ts'

/**
 * A clone is the same numbers under another name, counted by reference as on the cpu backend: no number is ever changed
 * in place. The tape clones everything it keeps.
 */
export const identity = wasmKernel<'x'>({
  name: 'Identity',
  defect: 'slow',
  problem: 'copies the whole tensor, about a thousand times in a training step',
  create:
    () =>
    ({ inputs, backend }) => {
      const { dataId, shape, dtype } = inputs.x
      backend.incRef(dataId)
      return { dataId, shape, dtype }
    },
})
