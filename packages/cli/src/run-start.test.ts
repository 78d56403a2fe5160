import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { conv2d, dense, elu, globalAveragePool, graph, initializeParameters } from '@gpdjs/core'
import { loadNetwork, saveNetwork } from '@gpdjs/interchange'
import { beforeAll, describe, expect, it } from 'vitest'
import { claimRunFolder } from './run-folder.ts'
import { inRunFolder, type StepWatch } from './run-start.ts'
import { run } from './testing/run.ts'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from './testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
const FILES = { 'config.resolved.json': { a: 1 } }

/** What `work` leaves in the folder when it fails. */
async function left(path: string, work: (watch: StepWatch) => Promise<unknown>): Promise<string[]> {
  const failing = inRunFolder(await claimRunFolder(at(path), { files: FILES }), async (watch) => {
    await work(watch)
    throw new Error('no memory')
  })
  await expect(failing).rejects.toThrow('no memory')
  return (await readdir(folder, { recursive: true })).filter((name) => name.startsWith(path.split('/')[0]!)).sort()
}

describe('a run that fails before its first step', () => {
  it('leaves nothing: no file of its own, no folder that was made for it', async () => {
    expect(await left('a/b/c', () => writeFile(at('a/b/c/metrics.jsonl'), ''))).toEqual([])
    expect(
      await left('study', async () => {
        await mkdir(at('study/arms/plain/seed-0'), { recursive: true })
        await writeFile(at('study/arms/plain/seed-0/metrics.jsonl'), '')
      }),
    ).toEqual([])
  })

  it('leaves what others have put there, and a folder that was there before', async () => {
    expect(await left('d/e', () => writeFile(at('d/e/notes.txt'), ''))).toEqual(['d', 'd/e', 'd/e/notes.txt'])
    await mkdir(at('f'))
    expect(await left('f', async () => undefined)).toEqual(['f'])
    await mkdir(at('g'))
    expect(await left('g/h', async () => undefined)).toEqual(['g'])
  })

  it('leaves nothing if not all of its first files can be written', async () => {
    const name = 'x'.repeat(300)
    await expect(claimRunFolder(at('i/j'), { files: { ...FILES, [name]: {} } })).rejects.toMatchObject({
      code: 'config.invalid',
    })
    expect(await readdir(folder)).not.toContain('i')
  })

  it('keeps everything once a step has been taken', async () => {
    expect(await left('k', async (watch) => watch.onBatchEnd!(1, {}))).toEqual(['k', 'k/config.resolved.json'])
  })
})

describe('the commands', () => {
  beforeAll(async () => {
    await writeTinyImages(at('images'))
    await writeConfig(folder, 'config.json', tinyConfig)
    await writeConfig(folder, 'study.json', { base: tinyConfig, arms: { 'no branches': {} }, seeds: [0] })
  })

  /** Runs a command on a backend that has no memory left once the folder of the run is there. */
  async function runWithoutMemory(args: readonly string[], path: string) {
    const restore: (() => void)[] = []
    const patch = () => {
      const backend = tf.backend()
      const write = backend.write.bind(backend)
      restore.push(() => void (backend.write = write))
      backend.write = (...given) => {
        if (existsSync(path)) throw new Error('no memory left')
        return write(...given)
      }
    }
    const said: string[] = []
    const stderr = {
      write(text: string) {
        said.push(text)
        if (text.startsWith('Backend: ')) patch()
      },
    }
    const { status } = await run(args, { stderr })
    for (const undo of restore) undo()
    return { status, said: said.join('') }
  }

  it.each([
    ['train', 'config.json'],
    ['ablate', 'study.json'],
  ])('gpd %s can be tried again after a failure before the first step', async (command, config) => {
    const args = [command, '--config', at(config), '--output', at(`out-${command}/run`)]
    const failed = await runWithoutMemory(args, at(`out-${command}/run`))
    expect([failed.status, failed.said]).toEqual([1, expect.stringContaining('no memory left')])
    expect(await readdir(folder)).not.toContain(`out-${command}`)
    const again = await run(args)
    expect([again.status, again.stderr]).toEqual([0, expect.stringContaining('Saved in')])
  })

  it('gpd extract leaves nothing if the network cannot be written', async () => {
    // Keras of TensorFlow.js has ELU with alpha 1 only.
    await run(['train', '--config', at('config.json'), '--output', at('run')])
    const g = graph({ name: 'odd', inputShape: [8, 8, 1] })
    const pooled = g.add('pool', elu({ alpha: 0.5 }), g.add('conv', conv2d({ filters: 2, kernelSize: 1 }), 'image'))
    const network = g.build(g.add('fc', dense({ units: 3 }), g.add('mean', globalAveragePool(), pooled)))
    const { metadata } = await loadNetwork(at('run/student'))
    const parameters = initializeParameters(network.parameters, 0)
    await saveNetwork(at('odd/student'), { network, parameters, statistics: {} }, metadata)
    const args = ['extract', at('odd'), '--output', at('written/model'), '--format', 'layers-model']
    expect(await run(args)).toMatchObject({ status: 2, stderr: expect.stringMatching(/node 'pool'/) })
    expect(await readdir(folder)).not.toContain('written')
  })
})
