import { GpdError } from '@gpdjs/core'
import { replaceKernel } from '../replace-kernel.ts'
import { tensorflowKernel, type TensorflowKernel } from './kernel.ts'

interface Attributes {
  readonly dilations?: number | number[]
}

const isDilated = ({ dilations = 1 }: Attributes) => [dilations].flat().some((rate) => rate !== 1)

/** TensorFlow refuses such filters on a CPU, and the error of tfjs-node is a number only. */
const refusedIfDilated = (name: string): TensorflowKernel =>
  tensorflowKernel<string, Attributes>({
    name,
    problem: 'fails with a status number when the filter is dilated',
    create: (stock) => (call) => {
      try {
        return stock!(call)
      } catch (cause) {
        if (!isDilated(call.attrs)) throw cause
        throw new GpdError(
          'backend.unsupported',
          `tensorflow: TensorFlow did not run ${name} with dilations ${JSON.stringify(call.attrs.dilations)}.`,
          "Put zeros between the taps of the filter, or use the backend 'wasm'.",
          { cause },
        )
      }
    },
  })

/** Kernels of tfjs-node that fail with a number; here the error has words. */
export const tensorflowGuards: readonly TensorflowKernel[] = [refusedIfDilated('Conv3D')]

/** The backend must be registered, with its own kernels; doing it twice changes nothing. */
export function guardTensorflow(): void {
  for (const { name, create } of tensorflowGuards)
    replaceKernel('tensorflow', name, (stock) => create(stock, 'tensorflow'))
}
