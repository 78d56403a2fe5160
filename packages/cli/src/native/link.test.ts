import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type GpdError } from '@gpdjs/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { currentLink } from './current-link.ts'
import { nativeFolders } from '@gpdjs/backends/native'
import { checkGpu } from './gpu.ts'
import { inspectTensorflow } from './inspect-tensorflow.ts'
import { linkTensorflow, type LinkOptions } from './link.ts'
import { platformOf } from './platform.ts'
import { earlierLink, failure } from './testing/commands.ts'
import { inTemporaryFolder, program, pythonWith, tensorflowWheel, tfjsNodeArchive, write } from './testing/fakes.ts'

afterEach(() => void vi.unstubAllEnvs())

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
