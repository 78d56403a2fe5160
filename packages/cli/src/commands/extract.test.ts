import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { layersModelFolder, loadNetwork, saveNetwork } from '@gpdjs/interchange'
import { readMnistFolder } from '@gpdjs/data/node'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from '../testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
const CLASS_NAMES = ['dark', 'gray \u001b[31mred', 'Weiß']
const extract = (name: string, ...args: string[]) =>
  run(['extract', at('run'), '--output', at(name), '--json', ...args])

interface Ends {
  readonly input: { readonly range: readonly number[] | null; readonly normalization: object | null }
  readonly output: { readonly name: string; readonly kind: string; readonly classNames: readonly string[] | null }
}

let expected: { readonly test: number; readonly loss: number }
let moments: { readonly mean: number[]; readonly deviation: number[] }

async function evaluated(path: string): Promise<{ accuracy: number; loss: number; samples: number }> {
  const { stdout, stderr } = await run(['evaluate', path, '--data', at('images'), '--json'])
  expect(stderr).not.toContain('gpd:')
  return JSON.parse(stdout) as { accuracy: number; loss: number; samples: number }
}

beforeAll(async () => {
  await writeTinyImages(at('images'), { testImages: 60 })
  const data = { ...tinyConfig.data, classNames: CLASS_NAMES }
  await writeConfig(folder, 'config.json', { ...tinyConfig, data, epochs: 3 })
  await run(['train', '--config', at('config.json'), '--output', at('run')])
  const { accuracy } = JSON.parse(await readFile(at('run/result.json'), 'utf8')) as { accuracy: { test: number } }
  const { loss } = await evaluated(at('run/student'))
  expected = { test: accuracy.test, loss }
  const { metadata } = await loadNetwork(at('run/student'))
  moments = {
    mean: JSON.parse(metadata['input-mean']!) as number[],
    deviation: JSON.parse(metadata['input-deviation']!) as number[],
  }
  // An accuracy of all or none would be the same for many a wrong normalization.
  expect(expected.test).toBeGreaterThan(0.34)
  expect(expected.test).toBeLessThan(1)
})

const variants = ['safetensors', 'layers-model', 'onnx'].flatMap((format) =>
  ['0..1', '0..255', 'normalized'].flatMap((input) =>
    ['folded', 'kept'].flatMap((norm) =>
      (format === 'safetensors' ? ['logits'] : ['logits', 'probabilities']).map((scores) => ({
        format,
        input,
        norm,
        scores,
      })),
    ),
  ),
)

describe('gpd evaluate of what gpd extract wrote', () => {
  it.each(variants)('has the accuracy of the run: $format, $input, $norm, $scores', async (variant) => {
    const { format, input, norm, scores } = variant
    const name = Object.values(variant).join('-')
    const options = ['--format', format, '--input', input, '--batch-norm', norm, '--scores', scores]
    const { status, stderr } = await extract(name, ...options)
    expect([status, stderr]).toEqual([0, expect.stringContaining('Saved in')])
    const { accuracy, loss, samples } = await evaluated(at(name))
    expect([accuracy, samples]).toEqual([expected.test, 60])
    expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-4)
  })

  it('reads the file itself too', async () => {
    await extract('single', '--format', 'onnx')
    expect((await evaluated(at('single/model.onnx'))).accuracy).toBe(expected.test)
  })
})

/** Test images as a user has them, times `factor`, with their labels. */
async function pixels(factor: number): Promise<{ values: Float32Array; shape: number[]; labels: ArrayLike<number> }> {
  const { test } = await readMnistFolder(at('images'), { name: 'images', classes: 3 })
  const values = Float32Array.from(test.images, (byte) => byte * factor)
  return { values, shape: [test.labels.length, ...test.shape], labels: test.labels }
}

const accuracyOf = (scores: ArrayLike<number>, labels: ArrayLike<number>) => {
  const guesses = Array.from(labels, (_, i) =>
    [0, 1, 2].reduce((a, b) => (scores[3 * i + b]! > scores[3 * i + a]! ? b : a)),
  )
  return guesses.filter((guess, i) => guess === labels[i]).length / labels.length
}

describe('other runtimes with plain pixels', () => {
  it.each([
    [[], 1 / 255],
    [['--input', '0..255'], 1],
    [['--scores', 'probabilities'], 1 / 255],
  ] as const)('ONNX Runtime, extracted with %j', async (options, factor) => {
    const name = `runtime-${options.join('')}`
    await extract(name, '--format', 'onnx', ...options)
    const { values, shape, labels } = await pixels(factor)
    const session = await InferenceSession.create(await readFile(at(name, 'model.onnx')))
    const outputs = await session.run({ image: new Tensor('float32', values, shape) })
    const scores = outputs[session.outputNames[0]!]!.data as Float32Array
    expect(accuracyOf(scores, labels)).toBe(expected.test)
    if (!options.includes('probabilities' as never)) return
    expect(session.outputNames).toEqual(['probabilities'])
    expect(scores[0]! + scores[1]! + scores[2]!).toBeCloseTo(1, 5)
  })

  it('TensorFlow.js', async () => {
    await extract('plain-layers', '--format', 'layers-model')
    const model = await tf.loadLayersModel(layersModelFolder(at('plain-layers')))
    const { values, shape, labels } = await pixels(1 / 255)
    const scores = (model.predict(tf.tensor(values, shape)) as tf.Tensor).dataSync()
    expect(accuracyOf(scores, labels)).toBe(expected.test)
    expect(model.getUserDefinedMetadata()).toMatchObject({
      'class-names': JSON.stringify(CLASS_NAMES),
      'input-mean': '[0]',
      'input-deviation': '[1]',
      'normalization-mean': JSON.stringify(moments.mean),
    })
  })
})

describe('gpd extract', () => {
  it('says what goes in and what comes out, and escapes names of classes for the terminal', async () => {
    const { stdout, stderr } = await extract('said', '--format', 'onnx')
    expect(stderr).toMatch(
      /Input: image, float32 \[N, 8, 8, 1\] \(NHWC\), pixels \/ 255, from 0 to 1; normalized in the file \(mean 0\.\d+, deviation 0\.\d+\)\n/,
    )
    expect(stderr).toContain('Output: logits [N, 3]: dark, gray \\u{1b}[31mred, Weiß\n')
    expect(JSON.parse(stdout)).toMatchObject({
      format: 'onnx',
      input: {
        name: 'image',
        shape: [8, 8, 1],
        layout: 'NHWC',
        range: [0, 1],
        normalization: { ...moments, inFile: true },
      },
      output: { name: 'logits', kind: 'logits', classes: 3, classNames: CLASS_NAMES },
    })
  })

  it('leaves a network to train on as it was trained', async () => {
    const { stdout, stderr } = await extract('trainable')
    expect(stderr).toMatch(/\(pixels \/ 255 − mean\) \/ deviation: mean 0\.\d+, deviation 0\.\d+\n/)
    const { input } = JSON.parse(stdout) as Ends
    expect([input.range, input.normalization]).toEqual([null, { ...moments, inFile: false }])
    const [before, after] = [await loadNetwork(at('run/student')), await loadNetwork(at('trainable'))]
    expect(after.network).toEqual(before.network)
  })

  it('that takes pixels is the same teacher', async () => {
    await extract('teacher', '--input', '0..1')
    const losses = async (name: string, weights: string) => {
      const teacher = ['--set', `teacher.weights=${weights}`, '--set', 'teacher.loss.name=kd']
      await run(['train', '--config', at('config.json'), '--output', at(name), '--max-steps', '3', ...teacher])
      const lines = (await readFile(at(name, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n')
      return lines.map((line) => (JSON.parse(line) as Record<string, number>)['kd(student, static-teacher)']!)
    }
    const [plain, pixels] = [await losses('by-run', 'run/student'), await losses('by-pixels', 'teacher')]
    expect(plain.length).toBeGreaterThan(2)
    plain.forEach((loss, i) => expect(Math.abs(pixels[i]! - loss)).toBeLessThan(1e-4 * loss))
  })

  it('gives names to classes that had none, and says so where the normalization is not known', async () => {
    const { network, parameters, statistics } = await loadNetwork(at('run/student'))
    await saveNetwork(at('bare/student'), { network, parameters, statistics })
    const bare = (...args: string[]) => run(['extract', at('bare'), '--format', 'onnx', '--json', ...args])
    const { stdout, stderr } = await bare('--output', at('bare-onnx'), '--class-names', 'a, b,c')
    expect(stderr).toContain('normalized as in training; the network does not say how')
    const { input, output } = JSON.parse(stdout) as Ends
    expect([input.range, input.normalization, output.classNames]).toEqual([null, null, ['a', 'b', 'c']])
    const refused = await bare('--output', at('none'), '--input', '0..1')
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/--input 0\.\.1: .* --input normalized/),
    ])
    expect(await readdir(folder)).not.toContain('none')
  })

  it.each([
    [['--input', '0-1'], /--input: there is no '0-1'/],
    [['--scores', 'softmax', '--format', 'onnx'], /--scores: there is no 'softmax'/],
    [['--scores', 'probabilities'], /expected a format that is not trained on, got safetensors/],
    [['--class-names', 'a,b'], /--class-names: expected 3 different names, one for each class, got 2/],
    [['--class-names', 'a,b,a'], /got "a" twice/],
  ])('refuses %j and leaves no folder', async (args, message) => {
    const { status, stderr } = await extract('refused', ...args)
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)])
    expect(await readdir(folder)).not.toContain('refused')
  })
})
