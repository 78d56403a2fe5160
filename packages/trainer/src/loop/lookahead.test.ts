import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunksOf } from './chunks.ts'
import { lookahead, type Lookahead } from './lookahead.ts'

/** Numbers 0, 1, 2 …, with a note of what was made, discarded, and whether the source was stopped. */
function numbers(count: number, failAt = Infinity) {
  const seen = { made: [] as number[], discarded: [] as number[], stopped: 0 }
  function* source() {
    try {
      for (let n = 0; n < count; n++) {
        if (n === failAt) throw new Error(`no ${n}`)
        seen.made.push(n)
        yield n
      }
    } finally {
      seen.stopped++
    }
  }
  return { seen, source, discard: (n: number) => void seen.discarded.push(n) }
}

const takeAll = <T>(items: Lookahead<T>, prepare: (at: number) => boolean) => {
  const taken: T[] = []
  for (let item = items.take(); item !== undefined; item = items.take()) {
    taken.push(item)
    if (prepare(taken.length)) items.prepare()
  }
  return taken
}

describe('lookahead', () => {
  it('gives the items of its source in their order, whichever are prepared', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.array(fc.boolean()), (count, prepared) => {
        const { source, discard, seen } = numbers(count)
        const taken = takeAll(lookahead(source(), discard), (at) => prepared[at] ?? false)
        expect(taken).toEqual(Array.from({ length: count }, (_, n) => n))
        expect(seen.discarded).toEqual([])
      }),
    )
  })

  it('makes an item when it is prepared, one ahead and no more', () => {
    const { source, discard, seen } = numbers(5)
    const items = lookahead(source(), discard)
    expect(seen.made).toEqual([])
    items.prepare()
    items.prepare()
    expect(seen.made).toEqual([0])
    expect(items.take()).toBe(0)
    expect(seen.made).toEqual([0])
  })

  it('throws what preparing threw when the item is taken, once, and has ended then', () => {
    const { source, discard } = numbers(5, 1)
    const items = lookahead(source(), discard)
    expect(items.take()).toBe(0)
    expect(() => items.prepare()).not.toThrow()
    expect(() => items.take()).toThrow('no 1')
    expect(items.take()).toBeUndefined()
    items.prepare()
    expect(items.take()).toBeUndefined()
  })

  it('frees what was prepared and stops the source when it is closed, once', () => {
    const { source, discard, seen } = numbers(5)
    const items = lookahead(source(), discard)
    items.take()
    items.prepare()
    items.close()
    items.close()
    expect(seen).toEqual({ made: [0, 1], discarded: [1], stopped: 1 })
    expect(items.take()).toBeUndefined()
  })
})

describe('chunksOf', () => {
  it('gives every item to one group or to none', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.integer({ min: 1, max: 6 }), (count, size) => {
        const { source, discard, seen } = numbers(count)
        const groups = [...chunksOf(source(), size, discard)]
        expect(groups.every((group) => group.length === size)).toBe(true)
        expect([...groups.flat(), ...seen.discarded]).toEqual(Array.from({ length: count }, (_, n) => n))
      }),
    )
  })

  it('frees a group that a failing source left unfinished', () => {
    const { source, discard, seen } = numbers(9, 5)
    const groups = chunksOf(source(), 3, discard)
    expect(groups.next().value).toEqual([0, 1, 2])
    expect(() => groups.next()).toThrow('no 5')
    expect(seen.discarded).toEqual([3, 4])
  })

  it('stops the source when it is left early, and keeps nothing back', () => {
    const { source, discard, seen } = numbers(9)
    for (const group of chunksOf(source(), 2, discard)) if (group[0] === 2) break
    expect(seen).toEqual({ made: [0, 1, 2, 3], discarded: [], stopped: 1 })
  })
})
