import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkRunFolder, claimRunFolder, writeJson } from './run-folder.ts'
import { temporaryFolder } from './testing/tiny-images.ts'

const folder = await temporaryFolder()
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

describe('the folder of a run', () => {
  it('is made when it is claimed, not when it is looked at', async () => {
    const path = join(folder, 'a/b')
    expect(await checkRunFolder(path)).toBe(path)
    expect(await exists(join(folder, 'a'))).toBe(false)
    await claimRunFolder(path, { files: { 'x.json': { y: 1 } } })
    expect(JSON.parse(await readFile(join(path, 'x.json'), 'utf8'))).toEqual({ y: 1 })
  })

  it('may be there already if it is empty', async () => {
    await mkdir(join(folder, 'empty'))
    await expect(claimRunFolder(join(folder, 'empty'))).resolves.toMatchObject({ path: join(folder, 'empty') })
  })

  it('is refused if it holds something, or is a file, or lies under one', async () => {
    await mkdir(join(folder, 'full'))
    await writeFile(join(folder, 'full/x'), '')
    const code = 'config.invalid'
    await expect(checkRunFolder(join(folder, 'full'))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/empty folder/),
    })
    await expect(checkRunFolder(join(folder, 'full/x'))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/found a file/),
    })
    await expect(checkRunFolder('/dev/null/run')).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/ENOTDIR/),
    })
  })

  it('is refused where nothing can be made, also for an administrator', async () => {
    await expect(claimRunFolder('/proc/gpd-run')).rejects.toMatchObject({ code: 'config.invalid' })
  })

  it('that vanishes during the run is another matter', async () => {
    await expect(writeJson(join(folder, 'gone'), 'x.json', {})).rejects.toMatchObject({ code: 'output.unwritable' })
  })
})
