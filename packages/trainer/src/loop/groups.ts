/**
 * Groups of `size`; what is left over at the end, or when a source fails or is left early, is dropped, as an incomplete
 * batch is.
 *
 * @param discard frees an item that is dropped
 */
export function* groupsOf<T>(items: Iterable<T>, size: number, discard: (item: T) => void): Generator<T[]> {
  let group: T[] = []
  try {
    for (const item of items) {
      group.push(item)
      if (group.length < size) continue
      const full = group
      group = []
      yield full
    }
  } finally {
    group.forEach(discard)
  }
}
