import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GpdError } from '@gpdjs/core'
import { sha256 } from './cache-folder.ts'

const PIXELS = 28 * 28

/** An image that is known by what it shows. */
export interface HashedImage {
  /** SHA-256 of the 784 pixels, hexadecimal */
  readonly hash: string
  readonly pixels: Uint8Array
  readonly label: number
}

const isPixel = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 256

/** Error of a file that holds something else. */
const unexpected = (where: string, expected: string, found: string) =>
  new GpdError('data.corrupt', `${where}: expected ${expected}, found ${found}.`, 'Install fashion-mnist 1.1.0 again.')

function checkRow(row: unknown, where: string): asserts row is number[] {
  if (Array.isArray(row) && row.length === PIXELS && row.every(isPixel)) return
  const found = Array.isArray(row) ? `${row.length} values` : typeof row
  throw unexpected(where, `${PIXELS} pixels of 0 … 255`, found)
}

const isEmpty = (row: unknown): boolean => Array.isArray(row) && row.length === 0

/** The images of one file, `{ "data": [[784 numbers], …] }`; empty entries are left out. */
async function readClass(file: string, label: number): Promise<HashedImage[]> {
  const { data } = JSON.parse(await readFile(file, 'utf8')) as { data?: unknown }
  if (!Array.isArray(data)) throw unexpected(file, 'a list of images', typeof data)
  return data.flatMap((row: unknown, i) => {
    if (isEmpty(row)) return []
    checkRow(row, `${file}, image ${i}`)
    const pixels = Uint8Array.from(row)
    return [{ hash: sha256(pixels), pixels, label }]
  })
}

/**
 * The different images of all ten classes, class by class.
 *
 * An image that comes again, in its own or in a later class, is left out.
 *
 * @param folder holds `0.json` … `9.json`
 * @throws GpdError `data.corrupt` if a file holds anything but images
 */
export async function readFashionImages(folder: string): Promise<HashedImage[]> {
  const images = new Map<string, HashedImage>()
  // One class after the other: each file is 16 MB of text and ten times that as numbers.
  for (let label = 0; label < 10; label++) {
    for (const image of await readClass(join(folder, `${label}.json`), label)) {
      if (!images.has(image.hash)) images.set(image.hash, image)
    }
  }
  return [...images.values()]
}
