import { describe, expect, it } from 'vitest'
import { importOptional } from './import-optional.ts'

const failing = (code: string, message: string) => () => Promise.reject(Object.assign(new Error(message), { code }))

describe('importOptional', () => {
  it('hands out the exports, wherever they are', async () => {
    expect(await importOptional('one', () => Promise.resolve({ default: { answer: 42 } }))).toEqual({ answer: 42 })
    expect(await importOptional('two', () => Promise.resolve({ answer: 42 }))).toEqual({ answer: 42 })
  })

  it('distinguishes a package that is missing from one that does not load', async () => {
    await expect(importOptional('@gpdjs/no-such-package')).rejects.toThrow('@gpdjs/no-such-package is not installed')
    const inner = failing('MODULE_NOT_FOUND', "Cannot find module '../lib/binding.node'\nRequire stack: …")
    await expect(importOptional('binding', inner)).rejects.toThrow(
      "binding does not load (Cannot find module '../lib/binding.node')",
    )
  })
})
