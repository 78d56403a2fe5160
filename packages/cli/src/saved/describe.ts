import { soleInput, soleOutput, type Model, type Shape } from '@gpdjs/core'
import type { ChannelMoments } from '@gpdjs/data'
import { printable } from '../printable.ts'
import { givesProbabilities, savedClassNames, savedInside, savedMoments, type Metadata } from './metadata.ts'

/** What goes into a file and what comes out of it: what its user has to know. */
export interface Ends {
  readonly input: {
    readonly name: string
    /** Without the number of images, which is open. */
    readonly shape: Shape
    readonly layout: 'NHWC'
    /** Of the pixels that go in; null if they are to be normalized before. */
    readonly range: readonly [least: number, most: number] | null
    /** Of pixels / 255, and whether the file does it itself; null if the file does not say. */
    readonly normalization: (ChannelMoments & { readonly inFile: boolean }) | null
  }
  readonly output: {
    readonly name: string
    readonly kind: 'logits' | 'probabilities'
    readonly classes: number
    readonly classNames: readonly string[] | null
  }
}

/** The range of pixels that `(pixel / 255 − mean) / deviation` leaves plain. */
function rangeOf({ mean, deviation }: ChannelMoments): Ends['input']['range'] {
  if (!mean.every((value) => value === 0)) return null
  if (deviation.every((value) => value === 1)) return [0, 1]
  return deviation.every((value) => value === 1 / 255) ? [0, 255] : null
}

export function endsOf({ network }: Model, metadata: Metadata): Ends {
  const [input, { shape }] = soleInput(network, 'gpd extract')
  const [output, node] = soleOutput(network, 'gpd extract')
  const [outside, inside] = [savedMoments(metadata), savedInside(metadata)]
  const normalization = inside ?? outside
  return {
    input: {
      name: input,
      shape,
      layout: 'NHWC',
      range: outside ? rangeOf(outside) : null,
      normalization: normalization ? { ...normalization, inFile: inside !== undefined } : null,
    },
    output: {
      name: output,
      kind: givesProbabilities(metadata) ? 'probabilities' : 'logits',
      classes: network.shapes[node]!.at(-1)!,
      classNames: savedClassNames(metadata) ?? null,
    },
  }
}

const numbers = (values: readonly number[]) =>
  values.length === 1 ? values[0]!.toPrecision(4) : `[${values.map((value) => value.toPrecision(4)).join(', ')}]`

const PIXELS: Readonly<Record<number, string>> = { 1: 'pixels / 255, from 0 to 1', 255: 'pixels from 0 to 255' }

function pixelsOf({ range, normalization }: Ends['input']): string {
  if (normalization === null) return 'normalized as in training; the network does not say how'
  const moments = `mean ${numbers(normalization.mean)}, deviation ${numbers(normalization.deviation)}`
  if (range === null) return `(pixels / 255 − mean) / deviation: ${moments}`
  const inside = normalization.inFile ? `; normalized in the file (${moments})` : ''
  return `${PIXELS[range[1]]}${inside}`
}

/** The same for people, a line each. */
export function endsText({ input, output }: Ends): readonly string[] {
  const names = output.classNames?.map(printable).join(', ')
  return [
    `Input: ${input.name}, float32 [N, ${input.shape.join(', ')}] (${input.layout}), ${pixelsOf(input)}`,
    `Output: ${output.name === output.kind ? '' : `${output.name}, `}${output.kind} [N, ${output.classes}]${names === undefined ? '' : `: ${names}`}`,
  ]
}
