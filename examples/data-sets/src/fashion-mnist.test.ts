import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ImageSet } from '@gpdjs/data'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fashionMnistChecksums, fashionMnistClasses, prepareFashionMnist } from './fashion-mnist.ts'

let directory: string
let sets: { train: ImageSet; test: ImageSet }
beforeAll(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'data-sets-')), 'fashion-mnist')
  sets = await prepareFashionMnist({ directory })
})
afterAll(() => rm(join(directory, '..'), { recursive: true }))

const perClass = ({ labels }: ImageSet) =>
  fashionMnistClasses.map((_, label) => labels.filter((l: number) => l === label).length)
const hashes = ({ images, labels }: ImageSet) =>
  Array.from(labels, (_, i) => createHash('sha256').update(images.subarray(784 * i, 784 * (i + 1))).digest('hex')) // prettier-ignore

describe('prepareFashionMnist', () => {
  it('tests on 1,000 images of each class and trains on all the others', () => {
    expect(perClass(sets.test)).toEqual(new Array(10).fill(1000))
    // 69,946 different images, counted by a program in Python
    expect(perClass(sets.train)).toEqual([5997, 5994, 5987, 5993, 5994, 6000, 5987, 5996, 6000, 5998])
    expect(sets.train.shape).toEqual([28, 28, 1])
  })

  it('holds no image twice, in neither part and not in both', () => {
    const all = [...hashes(sets.train), ...hashes(sets.test)]
    expect(new Set(all).size).toBe(59_946 + 10_000)
  })

  it('mixes the classes: the first thousand images hold about a hundred of each', () => {
    for (const set of Object.values(sets)) {
      for (const count of perClass({ ...set, labels: set.labels.subarray(0, 1000) })) {
        expect(Math.abs(count - 100)).toBeLessThan(4 * 9.5) // √(1000 · 0.1 · 0.9) = 9.5
      }
    }
  })

  // The published checksums come from a program in Python that reads the same package.
  it('has the published test set', () => {
    const file = (magic: number[], bytes: Uint8Array) => createHash('sha256').update(Uint8Array.from(magic)).update(bytes).digest('hex') // prettier-ignore
    const count = [0, 0, 0x27, 0x10]
    expect(file([0, 0, 8, 3, ...count, 0, 0, 0, 28, 0, 0, 0, 28], sets.test.images)).toBe(
      'fa992e0fa34a930df1b993bc05c7a3e788ed5521865691a1558ce4d10a494963',
    )
    expect(file([0, 0, 8, 1, ...count], Uint8Array.from(sets.test.labels))).toBe(
      'abf01d040d936f270316e6a3d66d1dc650320a5ee055aa79e482fc97fff8cd3a',
    )
  })

  it('keeps four files and their checksums', async () => {
    expect((await readdir(directory)).sort()).toEqual([...Object.keys(fashionMnistChecksums), 'checksums.json'].sort())
  })
})
