import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didYouMean, nearest } from './suggest.ts'

const options = ['learningRate', 'momentum', 'weightDecay', 'batchSize', 'epochs', 'seed']

describe('nearest', () => {
  it.each([
    { typo: 'a letter left out', name: 'lerningRate', expected: 'learningRate' },
    { typo: 'a letter too many', name: 'batchSizes', expected: 'batchSize' },
    { typo: 'a wrong letter', name: 'momenxum', expected: 'momentum' },
    { typo: 'two letters swapped', name: 'sede', expected: 'seed' },
    { typo: 'another case', name: 'WEIGHTDECAY', expected: 'weightDecay' },
    { typo: 'a missing plural', name: 'epoch', expected: 'epochs' },
    { typo: 'an abbreviation', name: 'batch', expected: 'batchSize' },
  ])('finds the name behind $typo', ({ name, expected }) => {
    expect(nearest(name, options)).toEqual([expected])
  })

  it('finds nothing for a name that is far from all', () => {
    expect(nearest('scheduler', options)).toEqual([])
    expect(nearest('', options)).toEqual([])
    expect(nearest('seed', [])).toEqual([])
  })

  it('counts a swap of neighbors as one step, not two', () => {
    // Three letters allow one step.
    expect(nearest('dkd', ['kdd'])).toEqual(['kdd'])
    expect(nearest('dkd', ['kdk'])).toEqual([])
  })

  it('puts the nearest first, equals in alphabetical order, and at most three', () => {
    expect(nearest('resnet20', ['resnet56', 'resnet21', 'resnet20'])).toEqual(['resnet20', 'resnet21', 'resnet56'])
    expect(nearest('ad', ['az', 'ac', 'ab', 'aa'])).toEqual(['aa', 'ab', 'ac'])
    expect(nearest('ad', ['az', 'ac', 'ab', 'aa'], 1)).toEqual(['aa'])
  })

  it('finds every name with one letter left out, inserted or replaced', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abcdefgh'), minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(word, fc.nat(), fc.nat(2), (name, place, removed) => {
        const at = place % name.length
        const typo = `${name.slice(0, at)}${removed === 1 ? '' : 'x'}${name.slice(at + (removed === 0 ? 0 : 1))}`
        expect(nearest(typo, [name])).toEqual([name])
      }),
    )
  })
})

describe('didYouMean', () => {
  it('suggests the nearest name and lists what is known', () => {
    expect(didYouMean('relo', ['tanh', 'relu'])).toBe("Did you mean 'relu'? Known: relu, tanh.")
  })

  it('only lists what is known if nothing is near', () => {
    expect(didYouMean('softmax', ['tanh', 'relu'])).toBe('Known: relu, tanh.')
  })

  it('leaves the caller’s list as it is', () => {
    const known = ['b', 'a']
    didYouMean('c', known)
    expect(known).toEqual(['b', 'a'])
  })
})
