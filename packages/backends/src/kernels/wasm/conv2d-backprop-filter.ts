import { filterGradient, turnedFilterGradient, type FilterGradient } from './filter-gradient.ts'
import { convolutionGeometry, type ConvolutionAttributes, type Geometry } from './geometry.ts'
import { wasmKernel } from './kernel.ts'
import { LANES, withPaddedChannels } from './padded-channels.ts'
import { windowRowsGradient } from './window-rows-gradient.ts'
import { winogradFilterGradient } from './winograd-filter-gradient.ts'
import { fitsWinograd } from './winograd-tiles.ts'

interface Attributes extends ConvolutionAttributes {
  readonly filterShape: [number, number, number, number]
}

/** Whether the channels of x fill vectors of four better than those of dy. */
const isTurned = ({ channels, outChannels }: Geometry) =>
  channels >= LANES && outChannels % LANES !== 0 && (channels % LANES === 0 || outChannels < LANES)

const padded =
  (gradient: FilterGradient): FilterGradient =>
  (backend, x, dy, geometry) =>
    withPaddedChannels(backend, dy, (filled) => gradient(backend, x, filled, geometry))

/** Ways to compute it; the first whose condition holds is used. */
const GRADIENTS: readonly (readonly [fits: (geometry: Geometry) => boolean, gradient: FilterGradient])[] = [
  [fitsWinograd, padded(winogradFilterGradient)],
  [isTurned, turnedFilterGradient],
  [({ channels }) => channels < LANES, padded(windowRowsGradient)],
  [() => true, padded(filterGradient)],
]

/** `dw[i, j, c, k] = Σ x[n, p·s + i − pad, q·s + j − pad, c] · dy[n, p, q, k]`, without copying the image. */
export const conv2dBackpropFilter = wasmKernel<'x' | 'dy', Attributes>({
  name: 'Conv2DBackpropFilter',
  defect: 'missing',
  problem: 'is missing: no convolution can be trained',
  create:
    () =>
    ({ inputs: { x, dy }, attrs, backend }) => {
      const geometry = convolutionGeometry(x.shape, attrs.filterShape, attrs)
      const [, gradient] = GRADIENTS.find(([fits]) => fits(geometry))!
      return gradient(backend, x, dy, geometry)
    },
})
