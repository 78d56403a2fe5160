/** Files that others may have written, damaged: every reader refuses them with an error of ours, or reads them. */
import { describe, expect, it } from 'vitest'
import { attack } from './testing/fuzz/attack.ts'
import { SUBJECTS } from './testing/fuzz/subjects.ts'

/** `GPD_FUZZ=10000` for the long version, with the counts on the console. */
const FILES = Number(process.env['GPD_FUZZ'] ?? 300)

describe('damaged files', () => {
  it.each(Object.keys(SUBJECTS))('%s', { timeout: 60_000 + 200 * FILES }, async (subject) => {
    const { files, accepted, faults } = await attack(subject, FILES)
    if (FILES > 300) console.warn(`${subject}: ${files} damaged files, ${accepted} accepted, ${faults.length} faults`)
    expect(faults).toEqual([])
    expect(files).toBe(FILES)
    // Damage that is never noticed would be no damage.
    expect(accepted).toBeLessThan(FILES)
  })
})
