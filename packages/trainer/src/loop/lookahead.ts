type Ahead<T> =
  | { readonly kind: 'item'; readonly item: T }
  | { readonly kind: 'end' }
  | { readonly kind: 'problem'; readonly problem: unknown }

/**
 * Items of an iterator, the next one prepared before it is asked for: while a device computes on the one before. Items
 * come in the same order, and are the same, as without.
 */
export class Lookahead<T> {
  readonly #items: Iterator<T>
  #ahead: Ahead<T> | undefined

  /** @param discard frees an item that nobody will take */
  constructor(
    items: Iterable<T>,
    private readonly discard: (item: T) => void,
  ) {
    this.#items = items[Symbol.iterator]()
  }

  /** Prepares the next item unless it is there already. Never throws: a problem belongs to whoever takes the item. */
  prepare(): void {
    this.#ahead ??= this.#next()
  }

  /** The next item, or undefined at the end; throws what preparing it threw, and has ended then. */
  take(): T | undefined {
    const ahead = this.#ahead ?? this.#next()
    this.#ahead = ahead.kind === 'item' ? undefined : { kind: 'end' }
    if (ahead.kind === 'problem') throw ahead.problem
    return ahead.kind === 'item' ? ahead.item : undefined
  }

  /** Frees what was prepared and lets the iterator clean up. */
  close(): void {
    if (this.#ahead?.kind === 'item') this.discard(this.#ahead.item)
    if (this.#ahead === undefined || this.#ahead.kind === 'item') this.#items.return?.()
    this.#ahead = { kind: 'end' }
  }

  #next(): Ahead<T> {
    try {
      const { done, value } = this.#items.next()
      return done === true ? { kind: 'end' } : { kind: 'item', item: value as T }
    } catch (problem) {
      return { kind: 'problem', problem }
    }
  }
}
