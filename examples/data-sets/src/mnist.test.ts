import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { moments } from '@gpdjs/data'
import { expect, it } from 'vitest'
import { prepareMnist } from './mnist.ts'

it('prepares the original MNIST', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'data-sets-'))
  try {
    const { train, test } = await prepareMnist({ directory: join(parent, 'mnist') })
    expect([train.labels.length, test.labels.length]).toEqual([60_000, 10_000])
    // The first labels of the original files, and the moments that are commonly used to normalize.
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    expect([...test.labels.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    const { mean, deviation } = moments(train)
    expect(mean[0]).toBeCloseTo(0.1307, 4)
    expect(deviation[0]).toBeCloseTo(0.3081, 4)
  } finally {
    await rm(parent, { recursive: true })
  }
})
