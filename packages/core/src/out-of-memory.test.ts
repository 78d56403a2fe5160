import { describe, expect, it } from 'vitest'
import { GpdError } from './errors.ts'
import { asOutOfMemory } from './out-of-memory.ts'

const thrown = (f: () => unknown): unknown => {
  try {
    f()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown.')
}

describe('asOutOfMemory', () => {
  it.each<[what: string, error: unknown]>([
    ['an array that is longer than any may be', thrown(() => new Float32Array(2 ** 40))],
    ['a buffer that the system does not give', new RangeError('Array buffer allocation failed')],
    ['TensorFlow', new Error('Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[9,9]')],
    ['a backend', new GpdError('backend.out-of-memory', 'No memory for 3 GiB.', 'Use smaller batches.')],
  ])('says which batch to try, for %s', (_, error) => {
    const found = asOutOfMemory(error, 65)
    expect(found).toMatchObject({ code: 'backend.out-of-memory', cause: error })
    expect((found as Error).message).toMatch(/memory.*\. Try batchSize 32 in a new process/i)
    expect((found as Error).message).not.toContain('Use smaller batches')
    expect((asOutOfMemory(error, 1) as Error).message).toMatch(/Use a smaller network/)
  })

  it.each([
    thrown(() => new Float32Array(-1)),
    thrown(() => new Array(-1)),
    new RangeError('Maximum call stack size exceeded'),
    new GpdError('data.corrupt', 'x'),
    'text',
    undefined,
  ])('leaves %s as it is', (error) => expect(asOutOfMemory(error, 8)).toBe(error))
})
