import type { RandomStream } from '@gpdjs/core'

type Mutate = (bytes: Uint8Array, random: RandomStream) => Uint8Array

const place = (bytes: Uint8Array, random: RandomStream): number => random.integer(bytes.length + 1)

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

const flipBits: Mutate = (bytes, random) => {
  const copy = bytes.slice()
  for (let count = 1 + random.integer(4); count > 0 && copy.length > 0; count--)
    copy[random.integer(copy.length)]! ^= 1 << random.integer(8)
  return copy
}

const truncate: Mutate = (bytes, random) => bytes.slice(0, place(bytes, random))

const remove: Mutate = (bytes, random) => {
  const from = place(bytes, random)
  return joined(bytes.subarray(0, from), bytes.subarray(from + 1 + random.integer(16)))
}

const insert: Mutate = (bytes, random) => {
  const from = place(bytes, random)
  const noise = Uint8Array.from({ length: 1 + random.integer(16) }, () => random.integer(256))
  return joined(bytes.subarray(0, from), noise, bytes.subarray(from))
}

/** A piece of the file once more, somewhere else in it. */
const splice: Mutate = (bytes, random) => {
  const [from, to] = [place(bytes, random), place(bytes, random)]
  const piece = bytes.subarray(from, from + 1 + random.integer(64))
  return joined(bytes.subarray(0, to), piece, bytes.subarray(to))
}

/** What lengths and sizes are at the ends of their ranges. */
const EXTREMES = [0, 0x7f, 0x80, 0xff]

const overwrite: Mutate = (bytes, random) => {
  const copy = bytes.slice()
  const from = place(bytes, random)
  return copy.fill(EXTREMES[random.integer(EXTREMES.length)]!, from, from + 1 + random.integer(8))
}

const MUTATIONS: readonly Mutate[] = [flipBits, flipBits, truncate, remove, insert, splice, overwrite]

/** A file with one kind of damage, or with two. */
export function mutateBytes(bytes: Uint8Array, random: RandomStream): Uint8Array {
  // A Buffer's own `slice` is a view.
  const own = Uint8Array.from(bytes)
  const once = MUTATIONS[random.integer(MUTATIONS.length)]!(own, random)
  return random.integer(4) === 0 ? MUTATIONS[random.integer(MUTATIONS.length)]!(once, random) : once
}
