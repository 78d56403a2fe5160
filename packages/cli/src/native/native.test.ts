import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GpdError, isGpdError } from '@gpdjs/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { currentLink, useLink, writeLink, type Link } from './current-link.ts'
import { nativeFolders, type NativeFolders } from './folders.ts'
import { checkGpu } from './gpu.ts'
import { nativeCommand } from './index.ts'
import { inspectTensorflow } from './inspect-tensorflow.ts'
import { linkTensorflow, type LinkOptions } from './link.ts'
import { platformOf } from './platform.ts'
import { fillFolder } from './staging-folder.ts'
import { inTemporaryFolder, program, pythonWith, tensorflowWheel, tfjsNodeArchive, write } from './testing/fakes.ts'

afterEach(() => void vi.unstubAllEnvs())

const failure = (promise: Promise<unknown>): Promise<GpdError> =>
  promise.then(
    () => expect.fail('expected an error'),
    (error: unknown) => (isGpdError(error) ? error : expect.fail(String(error))),
  )

/** Runs a command with a cache of its own: what it said, or the error. */
async function gpdNative(cache: string, ...args: string[]) {
  vi.stubEnv('GPD_CACHE', cache)
  const said = { stdout: '', stderr: '' }
  const sink = (stream: keyof typeof said) => ({ write: (text: string) => void (said[stream] += text) })
  const status = await nativeCommand(args, { stdout: sink('stdout'), stderr: sink('stderr') })
  return { ...said, status }
}

const LINK: Link = {
  tensorflow: { version: '2.20.0', folder: '/somewhere' },
  tfjsNode: '4.22.0',
  platform: 'linux-x64',
  gpu: false,
  built: '2026-01-01T00:00:00.000Z',
}

/** A link that was made earlier. */
async function earlierLink(folders: NativeFolders): Promise<string> {
  const { folder } = await fillFolder(folders.links, async (staging) => {
    await writeLink(staging, LINK)
    return { name: 'earlier', result: undefined }
  })
  await useLink(folders, folder)
  return folder
}

/** A link that cannot succeed, on top of one that works: the error, after checking that the earlier one is untouched. */
const failedLink = (options: (folder: string) => Promise<Omit<LinkOptions, 'tfjsNode'>>): Promise<GpdError> =>
  inTemporaryFolder(async (folder) => {
    const folders = nativeFolders({ GPD_CACHE: join(folder, 'cache') })
    const earlier = await earlierLink(folders)
    const error = await failure(
      linkTensorflow(folders, { ...(await options(folder)), tfjsNode: await tfjsNodeArchive(folder) }),
    )
    expect((await currentLink(folders))?.folder).toBe(earlier)
    expect(await readdir(folders.links)).toEqual(['earlier'])
    return error
  })

describe('gpd native link refuses', () => {
  it('a folder that is not there', async () => {
    const { code, message } = await failedLink(async (folder) => ({ tensorflow: join(folder, 'none') }))
    expect(code).toBe('backend.missing')
    expect(message).toMatch(/none: expected a TensorFlow folder, found nothing\. Run `gpd native install`/)
  })

  it('a TensorFlow that is too old', async () => {
    const { code, message } = await failedLink(async (folder) => ({
      tensorflow: await tensorflowWheel(folder, { version: '2.8.4' }),
    }))
    expect(code).toBe('backend.unsupported')
    expect(message).toContain('expected TensorFlow 2.9 or later, found 2.8.4')
  })

  it('a TensorFlow for another machine', async () => {
    const { code, message } = await failedLink(async (folder) => ({
      tensorflow: await tensorflowWheel(folder, { machine: 243 }),
    }))
    expect(code).toBe('backend.unsupported')
    expect(message).toContain(`(machine ${platformOf().machine}), found machine 243`)
  })

  it('a library that is none', async () => {
    const { message } = await failedLink(async (folder) => {
      const tensorflow = await tensorflowWheel(folder)
      await write(join(tensorflow, platformOf().libraries[0]![1]!), 'version https://git-lfs.github.com/spec/v1')
      return { tensorflow }
    })
    expect(message).toContain('found no shared library of this system')
  })

  it('libraries without headers', async () => {
    const { code, message } = await failedLink(async (folder) => ({
      tensorflow: await tensorflowWheel(folder, { headers: false }),
    }))
    expect(code).toBe('backend.missing')
    expect(message).toContain('expected the header include/tensorflow/c/eager/c_api.h')
  })

  it('a folder above the one that is meant', async () => {
    const { message } = await failedLink(async (folder) => {
      await tensorflowWheel(folder)
      return { tensorflow: folder }
    })
    expect(message).toContain('a wheel has them in site-packages/tensorflow')
  })

  it('a Python that does not exist', async () => {
    const { code, message } = await failedLink(async (folder) => ({ python: join(folder, 'python9') }))
    expect(code).toBe('config.missing')
    expect(message).toMatch(/python9', found no such program\. Install it: /)
  })

  it('a Python without TensorFlow', async () => {
    const { code, message } = await failedLink(async (folder) => ({ python: await pythonWith(join(folder, 'python')) }))
    expect(code).toBe('backend.missing')
    expect(message).toMatch(/to have TensorFlow, found none\. Run .*python -m pip install tensorflow/)
  })

  it('a Python that fails, with what it said', async () => {
    const { message } = await failedLink(async (folder) => ({
      python: await program(join(folder, 'python'), 'echo "SyntaxError: invalid syntax" >&2', 'exit 3'),
    }))
    expect(message).toMatch(/ended with status 3:\nSyntaxError: invalid syntax/)
  })

  it('a Python and a folder together', async () => {
    const { code, message } = await failedLink(async () => ({ python: 'python3', tensorflow: '/tensorflow' }))
    expect(code).toBe('config.invalid')
    expect(message).toContain('--tensorflow or --python, got both')
  })

  it('to go on without a compiler, and says how to get one', async () => {
    vi.stubEnv('CXX', '/nowhere/c++')
    const { code, message } = await failedLink(async (folder) => ({ tensorflow: await tensorflowWheel(folder) }))
    expect(code).toBe('config.missing')
    expect(message).toMatch(/expected a C\+\+ compiler as \/nowhere\/c\+\+, found none\. Install one: /)
  })

  it('a build that fails half-way, with what the compiler said', async () => {
    const { code, message } = await failedLink(async (folder) => {
      vi.stubEnv(
        'CXX',
        await program(join(folder, 'c++'), 'echo "tfjs_backend.cc:12: error: no member named X" >&2', 'exit 1'),
      )
      return { python: await pythonWith(join(folder, 'python'), await tensorflowWheel(folder)) }
    })
    expect(code).toBe('backend.unsupported')
    expect(message).toMatch(
      /could not build the binding against TensorFlow 2\.21\.0 .*\ntfjs_backend\.cc:12: error: no member named X/,
    )
  })

  it('a binding that does not load', async () => {
    const { code, message } = await failedLink(async (folder) => {
      // Its last argument is the file to make.
      vi.stubEnv('CXX', await program(join(folder, 'c++'), 'for last in "$@"; do :; done', 'echo nonsense > "$last"'))
      return { tensorflow: await tensorflowWheel(folder) }
    })
    expect(code).toBe('backend.unsupported')
    expect(message).toMatch(/the binding does not work here \(status 1\):\n[^]*tfjs_binding\.node/)
  })

  it('--gpu with a TensorFlow without CUDA', async () => {
    const { code, message } = await failedLink(async (folder) => ({
      gpu: true,
      tensorflow: await tensorflowWheel(folder),
    }))
    expect(code).toBe('backend.missing')
    expect(message).toContain('expected a TensorFlow with CUDA for --gpu, found one without')
  })

  it('--gpu without a driver', () =>
    inTemporaryFolder(async (folder) => {
      const tensorflow = await inspectTensorflow(await tensorflowWheel(folder, { cuda: true }))
      const driver = join(folder, 'driver')
      expect(() => checkGpu(tensorflow, driver)).toThrow(/expected an NVIDIA driver for --gpu, found none/)
      await write(driver, '')
      expect(() => checkGpu(tensorflow, driver)).not.toThrow()
    }))

  it('an archive that is none', () =>
    inTemporaryFolder(async (folder) => {
      const tensorflow = await tensorflowWheel(folder)
      const tfjsNode = await write(join(folder, 'broken.tgz'), 'broken')
      const error = await failure(linkTensorflow(nativeFolders({ GPD_CACHE: folder }), { tensorflow, tfjsNode }))
      expect(error.message).toMatch(/could not get .*broken\.tgz: tar ended with status/)
    }))

  it('systems that nobody has tried', () => {
    expect(() => platformOf('win32-x64')).toThrow(
      /expected one of linux-x64, .*, found win32-x64\. Use the backend wasm/,
    )
  })
})

describe('gpd native link tells pip from a folder', () => {
  it.each(['2.9.0', '2.10.1', '2.21.0', '3.0.0rc1'])('takes TensorFlow %s', (version) =>
    inTemporaryFolder(async (folder) =>
      expect((await inspectTensorflow(await tensorflowWheel(folder, { version }))).version).toBe(version),
    ),
  )

  it('reads the version of an unpacked libtensorflow from its headers', () =>
    inTemporaryFolder(async (folder) => {
      const wheel = await tensorflowWheel(folder)
      for (const name of platformOf().libraries[1]!)
        await write(join(folder, 'c', name), await readFile(join(wheel, platformOf().libraries[0]![0]!)))
      await write(join(folder, 'c/include/tensorflow/c/eager/c_api.h'), '')
      await write(
        join(folder, 'c/include/tensorflow/core/public/version.h'),
        '#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 18\n#define TF_PATCH_VERSION 1\n',
      )
      expect((await inspectTensorflow(join(folder, 'c'))).version).toBe('2.18.1')
    }))
})

describe('gpd native install', () => {
  /** A pip that does what these lines say with `$target`, the folder after `--target`. */
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
