import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'

/** A function that gives paths in a folder which is new for each test of the file, and is removed after it. */
export function temporaryFolder(): (...path: string[]) => string {
  let folder: string
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'gpd-files-')))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  return (...path) => join(folder, ...path)
}
