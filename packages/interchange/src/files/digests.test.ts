/** One changed bit in any file of a saved folder. */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import * as tf from '@tensorflow/tfjs'
import { randomStream } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { toLayersModel } from '../layers-model/to-layers-model.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { drawn, tinyNetwork } from '../testing/tiny-network.ts'
import { layersModelFolder } from './layers-model-folder.ts'
import { loadHeads, saveHeads } from './saved-heads.ts'
import { loadNetwork, saveNetwork } from './saved-network.ts'

const at = temporaryFolder()
const trained = drawn(tinyNetwork(), 1)
beforeAll(async () => void (await tf.setBackend('cpu')))

interface Kind {
  readonly index: string
  readonly save: (folder: string) => Promise<unknown>
  readonly load: (folder: string) => Promise<unknown>
}

const KINDS: Readonly<Record<string, Kind>> = {
  network: {
    index: 'network.json',
    save: (folder) => saveNetwork(folder, trained, { accuracy: '0.9' }),
    load: loadNetwork,
  },
  heads: {
    index: 'heads.json',
    save: (folder) => saveHeads(folder, { vid: { weight: tf.ones([3, 4]) } }),
    load: loadHeads,
  },
  layersModel: {
    index: 'model.json',
    save: (folder) => toLayersModel(trained).save(layersModelFolder(folder)),
    load: (folder) => layersModelFolder(folder).load!(),
  },
}

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

describe.each(Object.entries(KINDS))('%s', (_, { index, save, load }) => {
  const folder = () => at('saved')

  it('is not loaded with a changed bit, and the file is named', async () => {
    await save(folder())
    await load(folder())
    const stream = randomStream(7, index)
    for (const name of await readdir(folder())) {
      const bytes = await readFile(at('saved', name))
      const bits = [0, 8 * bytes.length - 1, ...Array.from({ length: 60 }, () => stream.integer(8 * bytes.length))]
      for (const bit of bits) {
        const flipped = Uint8Array.from(bytes)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        await writeFile(at('saved', name), flipped)
        await expect(load(folder()), `${name}, bit ${bit}`).rejects.toMatchObject({
          code: 'checkpoint.corrupt',
          message: expect.stringContaining(name) as string,
        })
      }
      await writeFile(at('saved', name), bytes)
    }
    await load(folder())
  })

  it.each([0, 7, 8, 0.5, -1])('is not loaded with a file cut off at %d', async (length) => {
    await save(folder())
    for (const name of await readdir(folder())) {
      const bytes = await readFile(at('saved', name))
      const end = length === 0.5 ? bytes.length >> 1 : length
      await writeFile(at('saved', name), bytes.subarray(0, end < 0 ? bytes.length + end : end))
      await expect(load(folder()), name).rejects.toMatchObject({ code: 'checkpoint.corrupt' })
      await writeFile(at('saved', name), bytes)
    }
  })

  it('is not loaded with a file of another save', async () => {
    await save(folder())
    const names = (await readdir(folder())).filter((name) => name !== index)
    for (const name of names) await writeFile(at('saved', name), 'other')
    await expect(load(folder())).rejects.toThrow(/expected \d+ bytes, found 5/)
  })

  it('has digests that other tools can check', async () => {
    await save(folder())
    const text = await readFile(at('saved', index), 'utf8')
    const { files, sha256: own } = JSON.parse(text) as {
      files: Record<string, { bytes: number; sha256: string }>
      sha256: string
    }
    expect(sha256(text.replace(own, '0'.repeat(64)))).toBe(own)
    expect(Object.keys(files)).toEqual((await readdir(folder())).filter((name) => name !== index))
    for (const [name, seal] of Object.entries(files)) {
      const bytes = await readFile(at('saved', name))
      expect(seal).toEqual({ bytes: bytes.length, sha256: sha256(bytes) })
    }
  })

  it('gives the same bytes each time', async () => {
    await save(at('a'))
    await save(at('b'))
    for (const name of await readdir(at('a')))
      expect(await readFile(at('a', name))).toEqual(await readFile(at('b', name)))
  })

  it('of before there were digests is loaded', async () => {
    await save(folder())
    const json = JSON.parse(await readFile(at('saved', index), 'utf8')) as Record<string, unknown>
    const { files: _files, sha256: _own, ...old } = json
    if (index === 'heads.json') await rm(at('saved', index))
    else await writeFile(at('saved', index), JSON.stringify(old))
    await load(folder())
  })
})
