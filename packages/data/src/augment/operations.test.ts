import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { decodeSafetensors } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import type { ImageShape } from '../images/image-set.ts'
import { rotate, shearX, shearY, translateX, translateY } from './geometry.ts'
import { color, sharpness } from './neighborhood.ts'
import { autoContrast, brightness, contrast, equalize, posterize, solarize } from './tone.ts'

const operations = {
  ...{ rotate, shearX, shearY, translateX, translateY },
  ...{ color, sharpness, autoContrast, brightness, contrast, equalize, posterize, solarize },
}

/** Made by Pillow: see augment.py beside it. */
const file = fileURLToPath(new URL('../../fixtures/augment.safetensors', import.meta.url))
const { tensors } = decodeSafetensors(await readFile(file), { source: file })
const cases = [...tensors.keys()].filter((key) => !key.startsWith('in/'))

describe('an operation', () => {
  it('has cases of its own', () => {
    const names = new Set(cases.map((key) => key.split('/')[0]))
    expect([...names].sort()).toEqual(Object.keys(operations).sort())
  })

  it.each(cases)('does what Pillow does: %s', (key) => {
    const [name, strength, image] = key.split('/') as [keyof typeof operations, string, string]
    const { data, shape } = tensors.get(`in/${image}`)!
    const source = Uint8Array.from(data as Uint8Array)
    const target = new Uint8Array(source.length)
    operations[name](source, target, shape as unknown as ImageShape, Number(strength))
    expect([...target]).toEqual([...(tensors.get(key)!.data as Uint8Array)])
    expect(source).toEqual(data)
  })

  it.each(['autoContrast', 'equalize'] as const)('leaves an image of one value as it is: %s', (name) => {
    const target = new Uint8Array(4)
    operations[name](Uint8Array.of(7, 7, 7, 7), target, [2, 2, 1], 0)
    expect([...target]).toEqual([7, 7, 7, 7])
  })
})
