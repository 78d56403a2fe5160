/** What `gpd native` takes, and what it does not: nothing of the working directory, nothing that is not what was published. */
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { nativeFolders } from '@gpdjs/backends/native'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { removeLinks, useLink } from './current-link.ts'
import { unpackNpmPackage } from './npm-package.ts'
import { moduleCommand, runPython, tensorflowOfPython } from './python.ts'
import { runProgram } from './run-program.ts'
import { fillFolder } from './staging-folder.ts'
import { earlierLink, failure, gpdNative } from './testing/commands.ts'
import { inTemporaryFolder, program, tensorflowWheel, write } from './testing/fakes.ts'

afterEach(() => void vi.unstubAllEnvs())

const hasPython = await runProgram('python3', ['--version']).then(
  ({ status }) => status === 0,
  () => false,
)
if (!hasPython) console.warn('skipped: no python3 here')

/** A Python that runs in a folder. */
const pythonIn = (work: string): Promise<string> =>
  program(join(work, '..', 'python-there'), `cd '${work}'`, 'exec python3 "$@"')

describe.skipIf(!hasPython)('the working directory', () => {
  it('gives no TensorFlow', () =>
    inTemporaryFolder(async (folder) => {
      const work = join(folder, 'work')
      await write(join(work, 'tensorflow/__init__.py'), '')
      expect((await tensorflowOfPython(await pythonIn(work))) ?? '').not.toContain(work)
    }))

  it('gives no pip, and no other module of Python', () =>
    inTemporaryFolder(async (folder) => {
      const work = join(folder, 'work')
      for (const name of ['pip', 'runpy', 'importlib', 'json'])
        await write(join(work, name, '__init__.py'), `open('${folder}/ran-${name}', 'w')`)
      await write(join(work, 'pip/__main__.py'), `open('${folder}/ran-pip', 'w')`)
      const python = await pythonIn(work)
      await tensorflowOfPython(python)
      await runPython(python, moduleCommand('pip', '--version'))
      const { stdout } = await runPython(python, moduleCommand('json.tool', '--help'))
      expect(stdout).toContain('json')
      for (const name of ['pip', 'runpy', 'importlib', 'json'])
        expect(existsSync(join(folder, `ran-${name}`)), name).toBe(false)
    }))
})

describe('an npm package', () => {
  /** An npm that packs whatever archive there is. */
  const npm = (folder: string) =>
    program(
      join(folder, 'bin/npm'),
      'while [ "$1" != --pack-destination ]; do shift; done',
      `cp '${join(folder, 'evil.tgz')}' "$2/evil.tgz"`,
      'echo evil.tgz',
    )

  it('is refused if it is not the one that was published, before it is unpacked', () =>
    inTemporaryFolder(async (folder) => {
      await write(join(folder, 'package/evil.js'), '')
      await runProgram('tar', ['-czf', join(folder, 'evil.tgz'), '-C', folder, 'package'])
      await npm(folder)
      vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env['PATH']}`)
      const pinned = { source: 'some@1.0.0', integrity: 'sha512-AAAA' }
      const { code, message } = await failure(unpackNpmPackage(pinned, join(folder, 'out')))
      expect(code).toBe('backend.unsupported')
      expect(message).toContain('expected some@1.0.0 as sha512-AAAA, got sha512-')
      expect(existsSync(join(folder, 'out/evil.js'))).toBe(false)
    }))
})

describe('the cache', () => {
  it('is made so that nobody else may write to it, whatever an installer leaves', () =>
    inTemporaryFolder(async (folder) => {
      const umask = process.umask(0)
      try {
        const { folder: made } = await fillFolder(join(folder, 'cache/native/links'), async (staging) => {
          await mkdir(join(staging, 'deep'), { mode: 0o777 })
          await writeFile(join(staging, 'deep/file'), '', { mode: 0o666 })
          await chmod(join(staging, 'deep/file'), 0o776)
          return { name: 'one', result: undefined }
        })
        for (const path of ['../..', '..', '.', 'deep', 'deep/file'])
          expect((await stat(join(made, path))).mode & 0o022, path).toBe(0)
        expect((await stat(join(made, 'deep/file'))).mode & 0o777).toBe(0o754)
      } finally {
        process.umask(umask)
      }
    }))

  it('is all that a new link removes, whatever the pointer says', () =>
    inTemporaryFolder(async (folder) => {
      const folders = nativeFolders({ GPD_CACHE: join(folder, 'cache') })
      const link = await earlierLink(folders)
      await write(join(folder, 'outside/link.json'), '{}')
      await writeFile(folders.current, JSON.stringify({ folder: '../../outside' }))
      await useLink(folders, link)
      expect(existsSync(join(folder, 'outside/link.json'))).toBe(true)
      await removeLinks(folders)
      expect(existsSync(join(folder, 'outside/link.json'))).toBe(true)
    }))

  it('says by gpd native status why it is not used', () =>
    inTemporaryFolder(async (folder) => {
      await earlierLink(nativeFolders({ GPD_CACHE: folder }))
      await chmod(join(folder, 'native/links'), 0o777)
      const { stdout } = await gpdNative(folder, 'status')
      expect(stdout).toMatch(/others may write to .*links/)
      expect(stdout).not.toContain('It works')
    }))
})

it('a TensorFlow that is named is used wherever it is', () =>
  inTemporaryFolder(async (folder) => {
    const tensorflow = await tensorflowWheel(folder, { version: '2.8.4' })
    const { message } = await failure(gpdNative(join(folder, 'cache'), 'link', '--tensorflow', tensorflow))
    expect(message).toContain('found 2.8.4')
  }))
