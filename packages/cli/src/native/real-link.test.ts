import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { currentLink } from './current-link.ts'
import { nativeFolders } from '@gpdjs/backends/native'
import { nativeCommand } from './index.ts'
import { runProgram } from './run-program.ts'
import { inTemporaryFolder, program } from './testing/fakes.ts'

const linked = await currentLink(nativeFolders())
if (linked === undefined)
  console.warn('skipped: no TensorFlow is linked here, so there is nothing to build against (gpd native install)')

describe.skipIf(linked === undefined)('gpd native link with a real TensorFlow', () => {
  afterAll(() => void vi.unstubAllEnvs())

  it('builds a binding that computes in the TensorFlow.js of the application', () =>
    inTemporaryFolder(async (folder) => {
      const { folder: source, link } = linked!
      const archive = join(folder, 'tfjs-node.tgz')
      await runProgram('tar', ['-czf', archive, '-C', source, 'tfjs-node'])
      vi.stubEnv('GPD_CACHE', folder)
      let stdout = ''
      const io = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => true } }
      await nativeCommand(['link', '--tensorflow', link.tensorflow.folder, '--tfjs-node', archive], io)
      expect(stdout).toMatch(/^Linked TensorFlow 2\./)
      await nativeCommand(['status'], io)
      expect(stdout).toContain('It works.')

      const report = await useBackend('tensorflow')
      expect(report.version).toBe(`TensorFlow ${link.tensorflow.version} through tfjs-node ${link.tfjsNode}`)
      const image = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1])
      // The middle of each window is the pixel itself; the zeros around it add nothing.
      const sums = tf.conv2d(image, tf.ones([3, 3, 1, 1]), 2, 1, 'NHWC', 1, 'floor')
      expect([...(await sums.data())]).toEqual([10])
      expect(tf.engine().backendName).toBe('tensorflow')
    }))

  it('leaves out the operations of the project where they cannot be built, and says so', () =>
    inTemporaryFolder(async (folder) => {
      const { folder: source, link } = linked!
      const archive = join(folder, 'tfjs-node.tgz')
      await runProgram('tar', ['-czf', archive, '-C', source, 'tfjs-node'])
      vi.stubEnv('GPD_CACHE', join(folder, 'cache'))
      vi.stubEnv(
        'CXX',
        await program(join(folder, 'c++'), 'case "$*" in *operations.cc*) exit 1 ;; esac', 'exec c++ "$@"'),
      )
      let stderr = ''
      const io = { stdout: { write: () => true }, stderr: { write: (text: string) => Boolean((stderr += text)) } }
      await nativeCommand(['link', '--tensorflow', link.tensorflow.folder, '--tfjs-node', archive], io)
      expect(stderr).toMatch(/Left out the operations that make it faster\. .* could not build its operations/)
      const made = await currentLink(nativeFolders())
      expect(made!.link.operations).toBeUndefined()
      expect(await readdir(made!.folder)).not.toContain('gpd_operations.node')
    }))
})
