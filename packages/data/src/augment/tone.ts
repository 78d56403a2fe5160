import type { ImageShape } from '../images/image-set.ts'
import { blendBytes, luma, toByte, type Operation } from './operation.ts'

const VALUES = 256
const eachValue = (f: (value: number) => number): number[] => Array.from({ length: VALUES }, (_, value) => f(value))

/** How often each value occurs in one channel. */
function histogram(image: Uint8Array, channel: number, channels: number): number[] {
  const counts = new Array<number>(VALUES).fill(0)
  for (let i = channel; i < image.length; i += channels) counts[image[i]!]!++
  return counts
}

/** What becomes of each of the 256 values of a channel. */
type Table = (image: Uint8Array, channel: number, shape: ImageShape, strength: number) => readonly number[]

/** An operation on the value of a pixel that does not depend on its position. */
const byTable =
  (table: Table): Operation =>
  (image, target, shape, strength) => {
    const channels = shape[2]
    for (let channel = 0; channel < channels; channel++) {
      const values = table(image, channel, shape, strength)
      for (let i = channel; i < image.length; i += channels) target[i] = values[image[i]!]!
    }
  }

/** Away from black: 0 is black, 1 leaves the image as it is, 2 is twice as bright. */
export const brightness = byTable((_, __, ___, factor) =>
  eachValue((value) => blendBytes(0, value, Math.fround(factor))),
)

/** Away from the mean brightness of the image: 0 is all gray, 1 leaves it as it is. */
export const contrast = byTable((image, _, shape, factor) => {
  const gray = luma(image, shape)
  const mean = Math.floor(gray.reduce((sum, value) => sum + value, 0) / gray.length + 0.5)
  return eachValue((value) => blendBytes(mean, value, Math.fround(factor)))
})

/** Keeps the highest bits of every value: 8 keeps all. */
export const posterize = byTable((_, __, ___, bits) => eachValue((value) => value & ~(2 ** (8 - bits) - 1)))

/** Inverts values from a threshold on: 256 leaves the image as it is, 0 inverts all. */
export const solarize = byTable((_, __, ___, threshold) =>
  eachValue((value) => (value < threshold ? value : VALUES - 1 - value)),
)

/** Stretches the values of every channel to 0 … 255. It has no strength. */
export const autoContrast = byTable((image, channel, [, , channels]) => {
  const counts = histogram(image, channel, channels)
  const [least, most] = [counts.findIndex((n) => n > 0), counts.findLastIndex((n) => n > 0)]
  if (most <= least) return eachValue((value) => value)
  const scale = (VALUES - 1) / (most - least)
  const offset = -least * scale
  return eachValue((value) => toByte(value * scale + offset))
})

/** Makes all values of a channel about equally frequent. It has no strength. */
export const equalize = byTable((image, channel, [, , channels]) => {
  const counts = histogram(image, channel, channels)
  const last = counts.findLast((n) => n > 0) ?? 0
  const step = Math.floor((image.length / channels - last) / (VALUES - 1))
  if (step === 0) return eachValue((value) => value)
  let below = Math.floor(step / 2)
  return counts.map((n) => {
    const value = toByte(below / step)
    below += n
    return value
  })
})
