/**
 * Random numbers that are a pure function of (seed, path).
 *
 * TensorFlow.js cannot replay its own (seed 0 means "no seed", a seeded dropout repeats one mask, `shuffle` uses
 * `Math.random`), so every draw of this project comes from a stream named by where it is used, for example
 * `randomStream(seed, 'shuffle', epoch)`. The same seed and path give the same numbers on every backend and machine,
 * whatever else was drawn before.
 */
export interface RandomStream {
  /** Integer in [0, 2^32). */
  uint32(): number
  /** Float in [0, 1) with 24 random bits, exact in float32. */
  uniform(): number
  /** Standard normal (Box-Muller). */
  normal(): number
  /** Integer in [0, bound), without modulo bias. */
  integer(bound: number): number
}

/** One step of MurmurHash3's 32-bit mixing. */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  hash ^= Math.imul(k, 0x1b873593)
  hash = (hash << 13) | (hash >>> 19)
  return (Math.imul(hash, 5) + 0xe6546b64) | 0
}

/** MurmurHash3's finalizer. */
function avalanche(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** The words of a path. Different paths give different words: also 1 and '1', and ('a', 'b') and ('ab'). */
function* words(path: readonly (string | number)[]): Generator<number> {
  for (const part of path) {
    if (typeof part === 'number' && !Number.isInteger(part)) {
      yield 3
      yield* new Int32Array(Float64Array.of(part).buffer)
    } else if (typeof part === 'number') {
      yield 1
      yield part | 0
      yield Math.floor(part / 2 ** 32) | 0
    } else {
      yield 2
      yield part.length
      for (let i = 0; i < part.length; i++) yield part.charCodeAt(i)
    }
  }
}

/** Fractional digits of the golden ratio, π, e and √2: the four starting values. */
const LANES: readonly number[] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667]

const rotateLeft = (x: number, k: number) => (x << k) | (x >>> (32 - k))

/**
 * A stream of random numbers (xoshiro128**, its 128 bits of state hashed from the path).
 *
 * @param seed any safe integer, 0 included
 * @param path where the numbers are used: names and counters, such as `('dropout', layer, step)`
 * @see Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021
 */
export function randomStream(seed: number, ...path: (string | number)[]): RandomStream {
  const key = [...words([seed, ...path])]
  let [a, b, c, d] = LANES.map((lane) => avalanche(key.reduce(mix, lane))) as [number, number, number, number]
  if ((a | b | c | d) === 0) a = 1 // the one state the generator cannot leave
  let spare: number | undefined

  const uint32 = () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotateLeft(d, 11)
    return result
  }
  const uniform = () => (uint32() >>> 8) / 2 ** 24
  return {
    uint32,
    uniform,
    normal() {
      if (spare !== undefined) {
        const value = spare
        spare = undefined
        return value
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
      const angle = 2 * Math.PI * uniform()
      spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
    integer(bound) {
      const limit = 2 ** 32 - (2 ** 32 % bound)
      let draw = uint32()
      while (draw >= limit) draw = uint32()
      return draw % bound
    },
  }
}

/** The numbers 0 … n−1 in random order (Fisher-Yates). */
export function permutation(n: number, stream: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = stream.integer(i + 1)
    const swap = order[i]!
    order[i] = order[j]!
    order[j] = swap
  }
  return order
}
