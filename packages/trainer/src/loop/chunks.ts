/**
 * Chunks of `size`; what is left over at the end, or when a source fails or is left early, is dropped, as an incomplete
 * batch is.
 *
 * @param discard frees an item that is dropped
 */
export function* chunksOf<T>(items: Iterable<T>, size: number, discard: (item: T) => void): Generator<T[]> {
  let chunk: T[] = []
  try {
    for (const item of items) {
      chunk.push(item)
      if (chunk.length < size) continue
      const full = chunk
      chunk = []
      yield full
    }
  } finally {
    chunk.forEach(discard)
  }
}
