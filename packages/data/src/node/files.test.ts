import { mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readIdx, type ReadIdxOptions } from './read-idx.ts'
import { writeIdx } from './write-idx.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'idx-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A file of `items` bytes whose header states the size `promised`. */
const idx = (promised: number, items: number) =>
  Buffer.concat([
    Buffer.from([0, 0, 8, 1, ...new Uint8Array(new Uint32Array([promised]).buffer).reverse()]),
    Buffer.alloc(items, 5),
  ])

async function read(bytes: Uint8Array, options?: ReadIdxOptions) {
  const path = join(folder, 'labels')
  await writeFile(path, bytes)
  return readIdx(path, options)
}

describe('readIdx', () => {
  it('distinguishes gzip from plain files by the first bytes, not by the name', async () => {
    const expected = { dims: [3], data: new Uint8Array([5, 5, 5]) }
    const plain = await read(idx(3, 3))
    const packed = await read(gzipSync(idx(3, 3)))
    for (const { dims, data } of [plain, packed]) expect({ dims, data: Uint8Array.from(data) }).toEqual(expected)
  })

  it('reads a gzip file of several chunks', async () => {
    const { dims, data } = await read(gzipSync(idx(3_000_000, 3_000_000)))
    expect(dims).toEqual([3_000_000])
    expect(data.every((value) => value === 5)).toBe(true)
  })

  const packed = gzipSync(idx(2000, 2000))
  const flipped = (at: number) =>
    packed.map((byte, i) => (i === (at + packed.length) % packed.length ? byte ^ 1 : byte))
  it.each([
    { fault: 'gzip cut off in its header', bytes: packed.subarray(0, 5), says: 'a complete gzip file' },
    { fault: 'gzip cut off in its data', bytes: packed.subarray(0, packed.length - 12), says: 'a complete gzip file' },
    { fault: 'gzip without its last byte', bytes: packed.subarray(0, -1), says: 'a complete gzip file' },
    { fault: 'gzip with a wrong checksum', bytes: flipped(-8), says: 'a complete gzip file' },
    { fault: 'gzip with a wrong length', bytes: flipped(-4), says: 'a complete gzip file' },
    {
      fault: 'bytes behind the gzip data',
      bytes: Buffer.concat([packed, Buffer.from('tail')]),
      says: 'a complete gzip',
    },
    { fault: 'zeros behind the gzip data', bytes: Buffer.concat([packed, Buffer.alloc(3)]), says: 'found 3 bytes' },
    { fault: 'data cut off inside the gzip', bytes: gzipSync(idx(5, 4)), says: '13 bytes for the sizes [5], found 12' },
    { fault: 'too much inside the gzip', bytes: gzipSync(idx(5, 6)), says: '13 bytes inside the gzip' },
    { fault: 'an empty gzip', bytes: gzipSync(Buffer.alloc(0)), says: 'a complete IDX header, found 0 bytes' },
    { fault: 'gzip of something else', bytes: gzipSync(Buffer.from('no data here')), says: 'an IDX file' },
    { fault: 'gzip within gzip', bytes: gzipSync(packed), says: 'found 0x1f 0x8b' },
    { fault: 'plain data cut off', bytes: idx(5, 4), says: '13 bytes for the sizes [5], found 12' },
    { fault: 'plain trailing bytes', bytes: idx(5, 6), says: 'found 14' },
  ])('refuses $fault', async ({ bytes, says }) => {
    const error: unknown = await read(bytes).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'data.corrupt', message: expect.stringContaining(join(folder, 'labels')) })
    expect(error).toMatchObject({ message: expect.stringContaining(says), fix: expect.stringMatching(/\w/) })
  })

  it('refuses a bomb with an honest header before it is unpacked', async () => {
    // 64 MiB of zeros in 64 KiB: what DEFLATE can do at most is a thousandth.
    const bomb = gzipSync(idx(2 ** 26, 2 ** 26))
    const message = expect.stringMatching(/at most 100 times the gzip, found .* promises 67108872 bytes in a gzip of \d{5}\./) // prettier-ignore
    await expect(read(bomb)).rejects.toMatchObject({ code: 'data.corrupt', message })
  })

  it('reads labels that are all the same, of which few bytes are left', async () => {
    const packed = gzipSync(idx(2 ** 20, 2 ** 20))
    expect(packed.length).toBeLessThan(2000)
    expect((await read(packed)).dims).toEqual([2 ** 20])
  })

  it('stops unpacking a gzip bomb at what its header promises, long before the end', async () => {
    const bomb = gzipSync(Buffer.concat([idx(10, 10), Buffer.alloc(50e6)]))
    const promised = { code: 'data.corrupt', message: expect.stringContaining('18 bytes inside the gzip') }
    await expect(read(bomb)).rejects.toMatchObject(promised)
    // Half of the file: an error about its missing end would mean that it was read further than the header.
    await expect(read(bomb.subarray(0, bomb.length / 2))).rejects.toMatchObject(promised)
  })

  it('refuses a header that states more than the limit, before reading on', async () => {
    const bytes = gzipSync(idx(2 ** 32 - 1, 100))
    await expect(read(bytes)).rejects.toMatchObject({ message: expect.stringContaining('at most 2147483648 bytes') })
    await expect(read(gzipSync(idx(100, 100)), { maxBytes: 107 })).rejects.toMatchObject({ code: 'data.corrupt' })
    await expect(read(gzipSync(idx(100, 100)), { maxBytes: 108 })).resolves.toMatchObject({ dims: [100] })
  })

  it('names the file that is missing', async () => {
    const path = join(folder, 'nowhere')
    await expect(readIdx(path)).rejects.toMatchObject({ code: 'data.missing', message: expect.stringContaining(path) })
    await expect(readIdx(folder)).rejects.toMatchObject({ code: 'data.missing' })
  })
})

describe('writeIdx', () => {
  const array = { dims: [2, 2], data: Uint8Array.of(1, 2, 3, 4) }
  const bytes = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4]

  it('writes names of 255 bytes, through links, and several at once', async () => {
    const long = join(folder, 'x'.repeat(255))
    await writeIdx(long, array)
    await symlink(long, join(folder, 'link'))
    await Promise.all([1, 2, 3, 4].map((n) => writeIdx(join(folder, 'link'), { dims: [n], data: new Uint8Array(n) })))
    expect(await readlink(join(folder, 'link'))).toBe(long)
    const { dims, data } = await readIdx(long)
    expect(dims).toEqual([data.length])
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('writes plain or gzip by the name, and leaves nothing else behind', async () => {
    await writeIdx(join(folder, 'a'), array)
    await writeIdx(join(folder, 'b.gz'), array)
    expect([...(await readFile(join(folder, 'a')))]).toEqual(bytes)
    expect([...gunzipSync(await readFile(join(folder, 'b.gz')))]).toEqual(bytes)
    expect((await readdir(folder)).sort()).toEqual(['a', 'b.gz'])
  })

  it('names the path that it cannot write', async () => {
    const path = join(folder, 'no', 'such', 'folder')
    await expect(writeIdx(path, array)).rejects.toMatchObject({
      code: 'output.unwritable',
      message: expect.stringContaining(path),
    })
  })

  it('keeps the old file if it cannot write a new one', async () => {
    const path = join(folder, 'a')
    await writeIdx(path, array)
    await expect(writeIdx(path, { dims: [3], data: array.data })).rejects.toMatchObject({ code: 'data.mismatch' })
    expect([...(await readFile(path))]).toEqual(bytes)
  })
})
