import { describe, expect, it } from 'vitest'
import { waitedFor } from './data-wait.ts'

/** Keeps this thread busy. */
function work(milliseconds: number) {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe('waitedFor', () => {
  it('is the time of the preparation where the result was there before', async () => {
    const waited = await waitedFor(Promise.resolve(1), () => work(20))
    expect(waited).toBeGreaterThanOrEqual(20)
  })

  it('is nothing where the device is still busy afterwards', async () => {
    let finish = () => {}
    const pending = new Promise<void>((resolve) => (finish = resolve))
    expect(await waitedFor(pending, () => work(20))).toBe(0)
    finish()
  })

  it('passes a failure on to the reader of the result', async () => {
    const pending = Promise.reject(new Error('lost'))
    expect(await waitedFor(pending, () => work(20))).toBeGreaterThanOrEqual(20)
    await expect(pending).rejects.toThrow('lost')
  })
})
