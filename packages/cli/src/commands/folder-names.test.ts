import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { folderNames } from './folder-names.ts'

const namesOf = (...names: string[]) => [...folderNames(names).values()]

describe('folder names of arms', () => {
  it.each([
    ['no branches', 'no-branches'],
    ['GPD + DKD (α = 2)', 'GPD-DKD-α-2'],
    ['größer', 'größer'],
    ['ratio_2.5', 'ratio_2.5'],
    ['..', 'arm'],
    ['../../etc', 'etc'],
    ['.hidden', 'hidden'],
    ['a/b\\c', 'a-b-c'],
    ['', 'arm'],
    ['???', 'arm'],
    ['con', 'arm-con'],
    ['with\u0000zero\u202e', 'with-zero'],
    ['x'.repeat(300), 'x'.repeat(80)],
  ])('%j is %j', (name, expected) => expect(namesOf(name)).toEqual([expected]))

  it('differ, also where upper and lower case are the same', () => {
    expect(namesOf('a b', 'a-b', 'A b', 'a b!')).toEqual(['a-b', 'a-b-2', 'A-b-3', 'a-b-4'])
    expect(namesOf('a', 'A-2', 'A')).toEqual(['a', 'A-2', 'A-3'])
  })

  it('are names inside a folder, for any names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme' })), (names) => {
        const folders = namesOf(...names)
        expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(names.length)
        for (const folder of folders)
          expect(folder).toMatch(/^[\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}._-]*[\p{L}\p{M}\p{N}_])?$/u)
      }),
    )
  })
})
