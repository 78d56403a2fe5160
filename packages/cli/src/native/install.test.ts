import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nativeFolders } from '@gpdjs/backends/native'
import { linkTensorflow } from './link.ts'
import { failure, gpdNative } from './testing/commands.ts'
import { inTemporaryFolder, program, tensorflowWheel, tfjsNodeArchive } from './testing/fakes.ts'

afterEach(() => void vi.unstubAllEnvs())

describe('gpd native install', () => {
  /** A pip that runs these lines with `$target`, the folder after `--target`. */
  const pip = (file: string, ...lines: string[]) =>
    program(
      file,
      'case "$*" in *"pip --version"*) exit 0;; esac',
      'while [ "$1" != --target ]; do shift; done',
      'target=$2',
      'wanted=$3',
      ...lines,
    )

  it('says that pip is missing', () =>
    inTemporaryFolder(async (folder) => {
      const python = await program(join(folder, 'python'), 'echo "No module named pip" >&2', 'exit 1')
      const { code, message } = await failure(gpdNative(folder, 'install', '--python', python))
      expect(code).toBe('config.missing')
      expect(message).toMatch(/to have pip, found none\. Run .*python -m ensurepip/)
    }))

  it('leaves nothing behind when pip fails, and says what pip said', () =>
    inTemporaryFolder(async (folder) => {
      const python = await pip(
        join(folder, 'python'),
        'echo half > "$target/half"',
        'echo "ERROR: No matching distribution found for $wanted" >&2',
        'exit 1',
      )
      const { code, message } = await failure(gpdNative(folder, 'install', '--python', python, '--version', '2.99'))
      expect(code).toBe('backend.missing')
      expect(message).toMatch(/No matching distribution found for tensorflow(-cpu)?==2\.99/)
      expect(await readdir(join(folder, 'native/tensorflow'))).toEqual([])
    }))

  it('puts the wheel into the cache under its version, and links that', () =>
    inTemporaryFolder(async (folder) => {
      await tensorflowWheel(join(folder, 'wheel'), { version: '2.30.1' })
      const python = await pip(join(folder, 'python'), `cp -R '${join(folder, 'wheel')}/.' "$target"`)
      vi.stubEnv('CXX', '/nowhere/c++')
      vi.stubEnv('npm_config_offline', 'true')
      // No compiler (or no tfjs-node to compile): the wheel stays for the next try.
      await failure(gpdNative(folder, 'install', '--python', python))
      expect(await readdir(join(folder, 'native/tensorflow'))).toEqual(['2.30.1'])
      const { message } = await failure(
        linkTensorflow(nativeFolders({ GPD_CACHE: folder }), { tfjsNode: await tfjsNodeArchive(folder) }),
      )
      expect(message).toContain('C++ compiler')
    }))

  it('refuses what is no version', async () => {
    const { code } = await failure(gpdNative('/nowhere', 'install', '--version', '--upgrade evil'))
    expect(code).toBe('config.invalid')
  })
})
