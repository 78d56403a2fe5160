import { describe, expect, expectTypeOf, it } from 'vitest'
import { isGpdError } from '../errors.ts'
import { checkArgument, fillOptions, given } from './fill.ts'
import * as kinds from './kinds.ts'
import { needed, option, optional, type pickOptions, type Filled, type Given } from './option.ts'

const NOISE = { kind: needed(kinds.oneOf('zero-sum', 'iid')), deviation: option(kinds.nonNegative, 0.01) }
const SHAPES = { circle: { radius: needed(kinds.positive) }, square: { side: option(kinds.positive, 1) } }
const TABLE = {
  size: option(kinds.count, 64),
  name: needed(kinds.text),
  share: optional(kinds.fraction),
  noise: option(kinds.either(kinds.oneOf(false), kinds.record(NOISE)), false),
  sizes: optional(kinds.listOf(kinds.count)),
  shape: optional(kinds.variants('type', SHAPES, 'square')),
}

const fill = (options: object) => fillOptions('make', TABLE, options)

function errorOf(options: unknown): { readonly code: string; readonly message: string } {
  try {
    fill(options as object)
  } catch (error) {
    if (isGpdError(error)) return error
    throw error
  }
  throw new Error('The options were accepted.')
}

describe('fillOptions', () => {
  it('fills in defaults, and leaves out what is undefined and has none', () => {
    expect(fill({ name: 'a', share: undefined, size: undefined })).toStrictEqual({ name: 'a', size: 64, noise: false })
    expect(fill({ name: 'a', noise: { kind: 'iid' }, shape: {} })).toStrictEqual({
      name: 'a',
      size: 64,
      noise: { kind: 'iid', deviation: 0.01 },
      shape: { type: 'square', side: 1 },
    })
  })

  it.each<[options: unknown, code: string, message: string]>([
    [{ name: 'a', sise: 1 }, 'config.unknown-key', "make: unknown option 'sise'. Did you mean 'size'? Known: name, noise, shape, share, size, sizes."], // prettier-ignore
    [{ name: 'a', noise: { knd: 'iid' } }, 'config.unknown-key', "make: unknown option 'noise.knd'. Did you mean 'kind'? Known: deviation, kind."], // prettier-ignore
    [{ name: 'a', constructor: 1 }, 'config.unknown-key', "make: unknown option 'constructor'. Known: name, noise, shape, share, size, sizes."], // prettier-ignore
    [{}, 'config.missing', 'make: name: expected a text, got nothing. It has no default.'],
    [{ name: 'a', noise: {} }, 'config.missing', 'make: noise.kind: expected "zero-sum" or "iid", got nothing. It has no default.'], // prettier-ignore
    [{ name: 'a', size: 0 }, 'config.invalid', 'make: size: expected a whole number of at least 1, got 0. The default is 64.'], // prettier-ignore
    [{ name: 'a', size: '3' }, 'config.invalid', 'make: size: expected a whole number of at least 1, got "3". The default is 64.'], // prettier-ignore
    [{ name: 'a', size: null }, 'config.invalid', 'make: size: expected a whole number of at least 1, got null. The default is 64.'], // prettier-ignore
    [{ name: 'a', share: NaN }, 'config.invalid', 'make: share: expected a number from 0 to 1, got NaN.'],
    [{ name: 'a', noise: true }, 'config.invalid', 'make: noise: expected false or an object, got true. The default is false.'], // prettier-ignore
    [{ name: 'a', noise: { kind: 'idd' } }, 'config.invalid', `make: noise.kind: expected "zero-sum" or "iid", got "idd". Did you mean 'iid'? Known: iid, zero-sum.`], // prettier-ignore
    [
      { name: 'a', sizes: [1, 2.5] },
      'config.invalid',
      'make: sizes.1: expected a whole number of at least 1, got 2.5.',
    ],
    [{ name: 'a', sizes: [] }, 'config.invalid', 'make: sizes: expected a list, got [].'],
    [{ name: 'a', shape: { type: 'circle' } }, 'config.missing', 'make: shape.radius: expected a finite number above 0, got nothing. It has no default.'], // prettier-ignore
    [{ name: 'a', shape: { radius: 1 } }, 'config.invalid', "make: shape.radius: 'square' has no such option, 'circle' has. Leave it out."], // prettier-ignore
    [{ name: 'a', shape: { type: 'circel' } }, 'config.invalid', `make: shape.type: expected "circle" or "square", got "circel". Did you mean 'circle'? Known: circle, square.`], // prettier-ignore
    [0.1, 'config.invalid', 'make: expected an object, got 0.1. Known: name, noise, shape, share, size, sizes.'],
    [[], 'config.invalid', 'make: expected an object, got []. Known: name, noise, shape, share, size, sizes.'],
    [new Date(0), 'config.invalid', 'make: expected an object, got an object of Date. Known: name, noise, shape, share, size, sizes.'], // prettier-ignore
  ])('refuses %o', (options, code, message) => {
    expect(errorOf(options)).toMatchObject({ code, message })
  })

  it('calls options keys where they stand in a file', () => {
    const read = () => fillOptions('gpd.yaml', TABLE, { name: 'a', noise: { knd: 1 } }, { inFile: true })
    expect(read).toThrow("gpd.yaml: noise.knd: no such key. Did you mean 'kind'?")
  })

  it('takes objects of other realms and without a prototype', () => {
    expect(fill(Object.assign(Object.create(null) as object, { name: 'a' })).name).toBe('a')
  })
})

it('given leaves out what is undefined, and keeps what is given as its default', () => {
  expect(Object.keys(given({ size: 64, share: undefined, name: 'a' }))).toEqual(['size', 'name'])
})

it('the types of a table are those of its kinds', () => {
  expectTypeOf<Given<typeof NOISE>>().toEqualTypeOf<{
    readonly kind: 'zero-sum' | 'iid'
    readonly deviation?: number | undefined
  }>()
  expectTypeOf<Filled<typeof NOISE>>().toEqualTypeOf<{
    readonly kind: 'zero-sum' | 'iid'
    readonly deviation: number
  }>()
  expectTypeOf<Filled<typeof TABLE>['sizes']>().toEqualTypeOf<readonly number[] | undefined>()
  expectTypeOf<Filled<typeof TABLE>['noise']>().toEqualTypeOf<false | Filled<typeof NOISE>>()
  expectTypeOf<keyof Given<ReturnType<typeof pickOptions<typeof TABLE, 'name'>>>>().toEqualTypeOf<'name'>()
})

describe('members', () => {
  interface Watcher {
    readonly name: string
    readonly every?: number
    onEpochEnd?(): void
    onTrainEnd?(): void
  }
  const watchers = kinds.members<Watcher>('a watcher', {
    name: needed(kinds.text),
    every: optional(kinds.count),
    onEpochEnd: optional(kinds.functionOf()),
    onTrainEnd: optional(kinds.functionOf()),
  })
  const TABLE = { watcher: needed(watchers) }
  const read = (watcher: unknown) => fillOptions('run', TABLE, { watcher } as never).watcher

  class Counter implements Watcher {
    readonly name = 'counter'
    readonly onEpohCount = 3
    count = 0
    onEpochEnd() {
      this.count++
    }
    reset() {
      this.count = 0
    }
  }
  class Mistyped extends Counter {
    onEpohEnd() {
      this.count--
    }
  }

  it('gives the object itself, also one of a class with members of its own', () => {
    const literal = { name: 'a', every: undefined, onEpochEnd: () => undefined }
    expect(read(literal)).toBe(literal)
    const counter = new Counter()
    expect(read(counter)).toBe(counter)
  })

  it.each<[watcher: unknown, code: string, message: string]>([
    [{ name: 'a', onEpohEnd: () => undefined }, 'config.unknown-key', "run: unknown option 'watcher.onEpohEnd'. Did you mean 'onEpochEnd'?"], // prettier-ignore
    [{ nmae: 'a' }, 'config.unknown-key', "run: unknown option 'watcher.nmae'. Did you mean 'name'?"],
    [{ name: 'a', colour: 1 }, 'config.unknown-key', "unknown option 'watcher.colour'. Known: every, name, onEpochEnd, onTrainEnd."], // prettier-ignore
    [new Mistyped(), 'config.unknown-key', "unknown option 'watcher.onEpohEnd'. Did you mean 'onEpochEnd'?"],
    [{ name: 3 }, 'config.invalid', 'run: watcher.name: expected a text, got 3.'],
    [{ name: 'a', onEpochEnd: true }, 'config.invalid', 'run: watcher.onEpochEnd: expected a function, got true.'],
    [{ colour: 1 }, 'config.invalid', 'run: watcher: expected a watcher, got { colour }.'],
    [() => undefined, 'config.invalid', 'run: watcher: expected a watcher, got a function.'],
    [[{ name: 'a' }], 'config.invalid', 'run: watcher: expected a watcher, got [{ name }].'],
    [null, 'config.invalid', 'run: watcher: expected a watcher, got null.'],
  ])('refuses %o', (watcher, code, message) => {
    try {
      read(watcher)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code })
      expect((error as Error).message).toContain(message)
    }
  })
})

it('members may leave names to an object, but for those near a member', () => {
  const hooks = kinds.members<{ onEnd?(): void }>(
    'hooks',
    { onEnd: optional(kinds.functionOf()) },
    (name) => !name.startsWith('on'),
  )
  const read = (given: object) => () => checkArgument('run', 'hooks', hooks, given)
  class Hooks {
    onStart() {
      return 1
    }
  }
  expect(read({ count: 3, missing: () => 0 })).not.toThrow()
  expect(read({ onStart: () => 0 })).toThrow("run: unknown option 'hooks.onStart'. Known: onEnd.")
  expect(read({ unEnd: () => 0 })).toThrow("Did you mean 'onEnd'?")
  expect(read(new Hooks())).toThrow("unknown option 'hooks.onStart'")
})

it('checkArgument names function and argument', () => {
  expect(checkArgument('cosine', 'start', kinds.nonNegative, 0.1)).toBe(0.1)
  expect(() => checkArgument('cosine', 'start', kinds.nonNegative, '0.1')).toThrow(
    'cosine: start: expected a finite number of at least 0, got "0.1".',
  )
})
