/** What reading a large file costs, in a process of its own. */
import { execFile } from 'node:child_process'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { encodeIdx } from '@gpdjs/data'
import { encodeSafetensors } from '@gpdjs/interchange'
import { expect, it } from 'vitest'
import { temporaryFolder } from './testing/tiny-images.ts'

const folder = await temporaryFolder()
const program = fileURLToPath(new URL('./testing/fuzz/memory-process.ts', import.meta.url))
const MIB = 2 ** 20

async function growth(reader: string, path: string): Promise<number> {
  const flags = ['--conditions=@gpdjs/source', '--import', 'tsx', program, reader, path]
  const { stdout } = await promisify(execFile)(process.execPath, flags)
  return Number(stdout)
}

/** What starts with the first use of a reader. */
const OVERHEAD = 24 * MIB

it('of a safetensors file is below twice the file, its own bytes included', { timeout: 60_000 }, async () => {
  const path = join(folder, 'x.safetensors')
  const data = () => Float32Array.from({ length: 8 * MIB }, (_, i) => i)
  await writeFile(
    path,
    encodeSafetensors({ a: { shape: [8 * MIB], data: data() }, b: { shape: [8 * MIB], data: data() } }),
  )
  const { size } = await stat(path)
  expect(await growth('safetensors', path)).toBeLessThan(2 * size + OVERHEAD)
})

it('of a safetensors file that promises more than it holds is that of the file', { timeout: 60_000 }, async () => {
  const path = join(folder, 'liar.safetensors')
  const header = `{"a":{"dtype":"F32","shape":[${2 ** 29}],"data_offsets":[0,${2 ** 31}]}}`
  const bytes = Buffer.alloc(8 + header.length + MIB)
  bytes.writeBigUInt64LE(BigInt(header.length))
  bytes.write(header, 8)
  await writeFile(path, bytes)
  expect(await growth('safetensors', path)).toBeLessThan(2 * MIB + OVERHEAD)
})

/** Compresses to about a quarter. */
const image = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i, 2654435761) >>> 30) & 3)

it('of a gzip is below twice what is in it', { timeout: 60_000 }, async () => {
  const path = join(folder, 'x.gz')
  const bytes = encodeIdx({ dims: [64 * MIB], data: image(64 * MIB) })
  await writeFile(path, gzipSync(bytes, { level: 1 }))
  expect(await growth('idx', path)).toBeLessThan(1.5 * bytes.length + OVERHEAD)
})

it('of a gzip bomb with an honest header is next to nothing', { timeout: 60_000 }, async () => {
  const path = join(folder, 'bomb.gz')
  await writeFile(path, gzipSync(encodeIdx({ dims: [256 * MIB], data: new Uint8Array(256 * MIB) })))
  expect(await growth('idx', path)).toBeLessThan(OVERHEAD)
})
