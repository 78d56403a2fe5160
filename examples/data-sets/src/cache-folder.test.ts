import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cacheFolder } from './cache-folder.ts'

// SHA-256 of "abc", from the standard
const published = { a: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' }

let parent: string
let folder: string
let written: number
const writing = (text: string) => async (into: string) => {
  written++
  await writeFile(join(into, 'a'), text)
}
const prepare = (text = 'abc') => cacheFolder({ folder, write: writing(text), published })

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'cache-'))
  folder = join(parent, 'deep', 'set')
  written = 0
})
afterEach(() => rm(parent, { recursive: true }))

describe('cacheFolder', () => {
  it('writes the files once and notes their sizes and checksums', async () => {
    await prepare()
    await prepare()
    expect(written).toBe(1)
    expect(await readdir(join(parent, 'deep'))).toEqual(['set'])
    expect((await readdir(folder)).sort()).toEqual(['a', 'checksums.json'])
    expect(JSON.parse(await readFile(join(folder, 'checksums.json'), 'utf8'))).toEqual({
      a: { bytes: 3, sha256: published.a },
    })
  })

  it('refuses files with another checksum and leaves nothing behind', async () => {
    await expect(prepare('abd')).rejects.toMatchObject({
      code: 'data.corrupt',
      message: expect.stringContaining(published.a),
    })
    expect(await readdir(join(parent, 'deep'))).toEqual([])
    await prepare()
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('abc')
  })

  it('leaves nothing behind if writing fails', async () => {
    const write = () => Promise.reject(new Error('no space'))
    await expect(cacheFolder({ folder, write, published })).rejects.toThrow('no space')
    expect(await readdir(join(parent, 'deep'))).toEqual([])
  })

  it.each(['', 'ab', 'abcd'])('notices that a file was changed to "%s"', async (text) => {
    await prepare()
    await writeFile(join(folder, 'a'), text)
    await expect(prepare()).rejects.toMatchObject({
      code: 'data.corrupt',
      message: `${join(folder, 'a')}: expected 3 bytes, found ${text.length}. Delete ${folder}; it will be made again.`,
    })
  })

  it('notices that a file is gone', async () => {
    await prepare()
    await rm(join(folder, 'a'))
    await expect(prepare()).rejects.toMatchObject({ code: 'data.corrupt', message: expect.stringContaining('no file') })
  })

  it('refuses files that another version of the conversion made', async () => {
    await prepare()
    const later = { folder, write: writing('abd'), published: { a: '0'.repeat(64) } }
    await expect(cacheFolder(later)).rejects.toMatchObject({
      code: 'data.corrupt',
      fix: `Delete ${folder}; it will be made again.`,
    })
  })

  it('lets two conversions at the same time both succeed', async () => {
    await Promise.all([prepare(), prepare(), prepare()])
    expect(await readdir(join(parent, 'deep'))).toEqual(['set'])
    await prepare()
    expect(written).toBe(3)
  })

  it('does not touch a folder of other things', async () => {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'thesis.tex'), 'mine')
    await expect(prepare()).rejects.toMatchObject({
      code: 'output.unwritable',
      message: expect.stringContaining(folder),
    })
    expect(await readdir(folder)).toEqual(['thesis.tex'])
    expect(await readdir(join(parent, 'deep'))).toEqual(['set'])
  })
})
