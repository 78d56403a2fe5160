import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inspectTensorflow } from './inspect-tensorflow.ts'
import { platformOf } from './platform.ts'
import { inTemporaryFolder, tensorflowWheel, write } from './testing/fakes.ts'

describe('inspectTensorflow', () => {
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
