import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { currentLink, useLink, writeLink } from './current-link.ts'
import { nativeFolders } from '@gpdjs/backends/native'
import { fillFolder } from './staging-folder.ts'
import { earlierLink, failure, gpdNative, LINK } from './testing/commands.ts'
import { inTemporaryFolder, tensorflowWheel, write } from './testing/fakes.ts'

afterEach(() => void vi.unstubAllEnvs())

describe('gpd native', () => {
  it('says that nothing is linked, as text and as data', () =>
    inTemporaryFolder(async (folder) => {
      expect((await gpdNative(folder, 'status')).stdout).toBe('No TensorFlow is linked. Run `gpd native install`.\n')
      expect(JSON.parse((await gpdNative(folder, 'status', '--json')).stdout)).toMatchObject({
        linked: false,
        works: false,
      })
    }))

  it('says why a link does not work any more', () =>
    inTemporaryFolder(async (folder) => {
      await earlierLink(nativeFolders({ GPD_CACHE: folder }))
      const { stdout } = await gpdNative(folder, 'status')
      expect(stdout).toMatch(/^TensorFlow 2\.20\.0 in \/somewhere, built 2026[^]*Cannot find module/)
      expect(JSON.parse((await gpdNative(folder, 'status', '--json')).stdout)).toMatchObject({
        linked: true,
        works: false,
        link: LINK,
      })
    }))

  it('unlinks, twice without complaint, and keeps the wheels', () =>
    inTemporaryFolder(async (folder) => {
      const folders = nativeFolders({ GPD_CACHE: folder })
      await earlierLink(folders)
      await tensorflowWheel(join(folders.wheels, '2.21.0'))
      for (let time = 0; time < 2; time++) expect((await gpdNative(folder, 'unlink')).status).toBe(0)
      expect(await readdir(folders.root)).toEqual(['tensorflow'])
      expect(await currentLink(folders)).toBeUndefined()
    }))

  it('replaces a link and removes the one before', () =>
    inTemporaryFolder(async (folder) => {
      const folders = nativeFolders({ GPD_CACHE: folder })
      await earlierLink(folders)
      const { folder: later } = await fillFolder(folders.links, async (staging) => {
        await writeLink(staging, LINK)
        return { name: 'later', result: undefined }
      })
      await useLink(folders, later)
      expect(await readdir(folders.links)).toEqual(['later'])
      expect((await currentLink(folders))?.folder).toBe(later)
    }))

  it('sweeps up what a killed build left, and leaves a running one alone', () =>
    inTemporaryFolder(async (folder) => {
      const running = process.ppid
      for (const pid of [2 ** 30, running]) await write(join(folder, `.unfinished-${pid}`, 'half'), '')
      await fillFolder(folder, async () => ({ name: 'whole', result: undefined }))
      expect((await readdir(folder)).sort()).toEqual([`.unfinished-${running}`, 'whole'])
    }))

  it('says that the cache cannot be written', () =>
    inTemporaryFolder(async (folder) => {
      const file = await write(join(folder, 'file'), '')
      const { code, message } = await failure(
        fillFolder(join(file, 'links'), async () => ({ name: 'x', result: undefined })),
      )
      expect(code).toBe('output.unwritable')
      expect(message).toContain('Set GPD_CACHE')
    }))

  it('helps, and suggests the command that was meant', async () => {
    expect((await gpdNative('/nowhere', '--help')).stdout).toContain('gpd native link')
    const unknown = await failure(gpdNative('/nowhere', 'lnik'))
    expect(unknown.message).toMatch(/unknown command 'lnik'.*link/)
    const option = await failure(gpdNative('/nowhere', 'status', '--jsn'))
    expect(option.code).toBe('config.invalid')
    expect(option.message).toContain('--jsn')
  })
})
