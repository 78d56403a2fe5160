type Ahead<T> =
  | { readonly kind: 'item'; readonly item: T }
  | { readonly kind: 'end' }
  | { readonly kind: 'problem'; readonly problem: unknown }

/**
 * Items of an iterator, each prepared before it is needed: while a device computes on the one before. Items
 * come in the same order, and are the same, as without.
 */
export interface Lookahead<T> {
  /** Prepares the next item unless it is there already. Never throws: `take` throws what went wrong. */
  prepare(): void
  /** The next item, or undefined at the end; throws what preparing it threw, and has ended then. */
  take(): T | undefined
  /** Frees what was prepared and lets the iterator clean up. */
  close(): void
}

/** @param discard frees an item that is not taken */
export function lookahead<T>(iterable: Iterable<T>, discard: (item: T) => void): Lookahead<T> {
  const items = iterable[Symbol.iterator]()
  let ahead: Ahead<T> | undefined
  const next = (): Ahead<T> => {
    try {
      const { done, value } = items.next()
      return done === true ? { kind: 'end' } : { kind: 'item', item: value as T }
    } catch (problem) {
      return { kind: 'problem', problem }
    }
  }
  return {
    prepare() {
      ahead ??= next()
    },
    take() {
      const taken = ahead ?? next()
      ahead = taken.kind === 'item' ? undefined : { kind: 'end' }
      if (taken.kind === 'problem') throw taken.problem
      return taken.kind === 'item' ? taken.item : undefined
    },
    close() {
      if (ahead?.kind === 'item') discard(ahead.item)
      if (ahead === undefined || ahead.kind === 'item') items.return?.()
      ahead = { kind: 'end' }
    },
  }
}
