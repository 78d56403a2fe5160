import { GpdError, type ErrorCode } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import { errorCodeOf, exitCodeOf } from './exit-code.ts'

const systemError = (code: string) => Object.assign(new Error(`${code}: something`), { code })

describe('the exit status', () => {
  // Section "Exit status" of docs/cli.md.
  it.each<[ErrorCode, number]>([
    ['config.invalid', 2],
    ['config.unknown-key', 2],
    ['config.missing', 2],
    ['backend.unknown', 2],
    ['backend.missing', 2],
    ['backend.out-of-memory', 6],
    ['network.unknown-op', 2],
    ['plugin.invalid', 2],
    ['data.missing', 3],
    ['data.label-range', 3],
    ['checkpoint.corrupt', 4],
    ['training.diverged', 5],
    ['output.unwritable', 6],
    ['output.locked', 7],
    ['training.interrupted', 130],
  ])('of %s is %i', (code, status) => {
    expect(exitCodeOf(new GpdError(code, 'x'))).toBe(status)
    expect(errorCodeOf(new GpdError(code, 'x'))).toBe(code)
  })

  it.each(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'])('of %s from the operating system is 6', (code) => {
    expect(exitCodeOf(systemError(code))).toBe(6)
    expect(errorCodeOf(systemError(code))).toBe('output.unwritable')
  })

  it.each([new TypeError('x is not a function'), systemError('ENOENT'), 'a string', undefined])(
    'of %s is 1',
    (error) => {
      expect(exitCodeOf(error)).toBe(1)
      expect(errorCodeOf(error)).toBe('bug')
    },
  )
})
