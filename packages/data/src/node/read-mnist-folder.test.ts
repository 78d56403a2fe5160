import { mkdtemp, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readMnistFolder } from './read-mnist-folder.ts'
import { writeIdx } from './write-idx.ts'

let folder: string
const write = (file: string, dims: number[], ...data: number[]) =>
  writeIdx(join(folder, file), { dims, data: Uint8Array.from(data) })
const read = (options = {}) => readMnistFolder(folder, { name: 'tiny', classes: 3, ...options })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mnist-'))
  await write('train-images-idx3-ubyte', [2, 1, 2], 1, 2, 3, 4)
  await write('train-labels-idx1-ubyte.gz', [2], 0, 2)
  await write('t10k-images-idx3-ubyte.gz', [1, 1, 2], 5, 6)
  await write('t10k-labels-idx1-ubyte', [1], 1)
})
afterEach(() => rm(folder, { recursive: true }))

describe('readMnistFolder', () => {
  it('reads the four files, plain and gzip', async () => {
    const { train, test } = await read()
    expect(train).toMatchObject({ name: 'tiny/train', shape: [1, 2, 1], classes: 3 })
    expect([...train.images]).toEqual([1, 2, 3, 4])
    expect([...train.labels]).toEqual([0, 2])
    expect(test).toMatchObject({ name: 'tiny/test', shape: [1, 2, 1], classes: 3 })
    expect([...test.images]).toEqual([5, 6])
    expect([...test.labels]).toEqual([1])
  })

  it('reads color images', async () => {
    await write('train-images-idx3-ubyte', [2, 1, 1, 3], 1, 2, 3, 4, 5, 6)
    expect((await read()).train.shape).toEqual([1, 1, 3])
  })

  it('names the file that is missing', async () => {
    await unlink(join(folder, 't10k-labels-idx1-ubyte'))
    await expect(read()).rejects.toMatchObject({
      code: 'data.missing',
      message: expect.stringContaining(`${folder}: expected t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz`),
    })
  })

  it('refuses files whose numbers of images and labels differ', async () => {
    await write('t10k-labels-idx1-ubyte', [2], 1, 1)
    await expect(read()).rejects.toMatchObject({
      code: 'data.mismatch',
      message: expect.stringMatching(/t10k-labels-idx1-ubyte: expected 1 labels, .*t10k-images-idx3-ubyte.gz, found 2/),
    })
  })

  it('refuses label 3 of 3 classes, naming index and value', async () => {
    await write('train-labels-idx1-ubyte.gz', [2], 0, 3)
    await expect(read()).rejects.toMatchObject({
      code: 'data.label-range',
      message: expect.stringContaining('tiny/train: expected labels 0 … 2, got 3 at index 1.'),
    })
  })

  it('refuses images in place of labels and labels in place of images', async () => {
    await write('train-labels-idx1-ubyte.gz', [2, 1, 1], 0, 1)
    await expect(read()).rejects.toMatchObject({
      code: 'data.corrupt',
      message: expect.stringContaining('labels of 1 dimension'),
    })
    await write('train-images-idx3-ubyte', [2], 0, 1)
    await expect(read()).rejects.toMatchObject({
      code: 'data.corrupt',
      message: expect.stringContaining('images of 3 or 4'),
    })
  })
})
