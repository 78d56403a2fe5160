import { randomStream, type RandomStream } from '@gpdjs/core'
import type { ImageSet } from '@gpdjs/data'

export const SHAPES = ['disc', 'square', 'triangle', 'cross'] as const
export const SIZE = 20

/** Images that are never trained on. */
export const TEST_IMAGES = 400

/** Whether a point is inside; the shape is about 1 in radius, around the origin. */
const INSIDE: Readonly<Record<(typeof SHAPES)[number], (x: number, y: number) => boolean>> = {
  disc: (x, y) => x * x + y * y < 0.8,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.8,
  triangle: (x, y) => y > -0.6 && y < 1 - 1.7 * Math.abs(x),
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) < 0.25 && Math.max(Math.abs(x), Math.abs(y)) < 1,
}

/** Gray values of one image: a shape somewhere, turned, bright or dark, under noise. */
function draw(shape: (typeof SHAPES)[number], random: RandomStream): number[] {
  const between = (low: number, high: number) => low + (high - low) * random.uniform()
  const radius = between(5, 8)
  const [left, top, angle] = [between(7, 13), between(7, 13), between(0, 2 * Math.PI)]
  const [ground, ink] = random.uniform() < 0.5 ? [70, 170] : [170, 70]
  const [cos, sin] = [Math.cos(angle) / radius, Math.sin(angle) / radius]
  return Array.from({ length: SIZE * SIZE }, (_, i) => {
    const [x, y] = [(i % SIZE) - left, Math.floor(i / SIZE) - top]
    const value = INSIDE[shape](cos * x - sin * y, sin * x + cos * y) ? ink : ground
    return Math.max(0, Math.min(255, value + 15 * random.normal()))
  })
}

/** So many images, the same ones for the same name. */
export function shapes(name: string, count: number): ImageSet {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % SHAPES.length)
  const images = [...labels].flatMap((label, i) => draw(SHAPES[label]!, randomStream(1, name, i)))
  return {
    name,
    images: Uint8Array.from(images),
    labels,
    shape: [SIZE, SIZE, 1],
    classes: SHAPES.length,
  }
}
