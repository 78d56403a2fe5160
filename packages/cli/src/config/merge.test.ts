import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeDeep, parseAssignment } from './merge.ts'

describe('mergeDeep', () => {
  it('merges objects key by key and replaces everything else', () => {
    const base = { a: { b: 1, c: [1, 2] }, d: 3 }
    expect(mergeDeep(base, { a: { c: [4], e: 5 }, f: false })).toEqual({ a: { b: 1, c: [4], e: 5 }, d: 3, f: false })
  })

  it('replaces an object by false, and false by an object', () => {
    expect(mergeDeep({ teacher: { weights: 'x' } }, { teacher: false })).toEqual({ teacher: false })
    expect(mergeDeep({ teacher: false }, { teacher: { weights: 'x' } })).toEqual({ teacher: { weights: 'x' } })
  })

  it('does not look into prototypes', () => {
    expect(mergeDeep({ toString: { a: 1 } }, {})).toEqual({ toString: { a: 1 } })
  })

  it('changes nothing where nothing is put on top, and is idempotent', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (base, over) => {
          expect(mergeDeep(base, {})).toEqual(base)
          expect(mergeDeep(mergeDeep(base, over), over)).toEqual(mergeDeep(base, over))
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('parseAssignment', () => {
  it.each([
    ['epochs=3', { epochs: 3 }],
    ['optimizer.momentum=0.5', { optimizer: { momentum: 0.5 } }],
    ['student.network=resnet20', { student: { network: 'resnet20' } }],
    ['dynamicTeacher=false', { dynamicTeacher: false }],
    ['dynamicTeacher={"ratio":3}', { dynamicTeacher: { ratio: 3 } }],
    ['data.directory=a=b', { data: { directory: 'a=b' } }],
    ['output=', { output: '' }],
  ])('%s', (text, value) => {
    expect(parseAssignment(text)).toEqual(value)
  })

  it.each(['epochs', '=3', '.a=3', 'a..b=3', '__proto__.x=1', 'a.constructor=1', 'a={"__proto__":{}}'])(
    'refuses %s',
    (text) => {
      expect(() => parseAssignment(text)).toThrow(/^--set: /)
    },
  )
})
