import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { predict } from '@gpdjs/core'
import { mnistFiles, writeIdx } from '@gpdjs/data/node'
import { layersModelFolder, loadHeads, loadNetwork } from '@gpdjs/interchange'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from '../testing/run.ts'
import { temporaryFolder, tinyConfig, writeConfig, writeTinyImages } from '../testing/tiny-images.ts'

const folder = await temporaryFolder()
const at = (...path: string[]) => join(folder, ...path)
const readJson = async (...path: string[]) => JSON.parse(await readFile(at(...path), 'utf8')) as Record<string, unknown>
const isShare = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1

beforeAll(async () => {
  await writeTinyImages(at('images'))
  await writeConfig(folder, 'plain.json', tinyConfig)
  await writeConfig(folder, 'gpd.json', { ...tinyConfig, dynamicTeacher: { ratio: 2 }, ema: { decay: 0.9 }, epochs: 2 })
})

describe('gpd train', () => {
  beforeAll(async () => {
    const { status, stderr } = await run([
      'train',
      '--config',
      at('plain.json'),
      '--output',
      at('teacher'),
      '--set',
      'student.width=4',
    ])
    expect(stderr).toContain('Saved in')
    expect(status).toBe(0)
  })

  it('trains, and leaves a folder with everything about the run', async () => {
    const { status, stdout, stderr } = await run([
      'train',
      '--config',
      at('gpd.json'),
      '--output',
      at('gpd'),
      '--json',
      '--seed',
      '7',
    ])
    expect(status).toBe(0)
    expect((await readdir(at('gpd'))).sort()).toEqual([
      'best',
      'checkpoints',
      'config.resolved.json',
      'ema',
      'env.json',
      'metrics.jsonl',
      'result.json',
      'student',
    ])
    const result = JSON.parse(stdout) as Record<string, never>
    expect(result).toEqual(await readJson('gpd/result.json'))
    expect(result).toMatchObject({
      schema: 1,
      ok: true,
      outcome: 'completed',
      seed: 7,
      steps: 6,
      folder: at('gpd'),
      backend: { name: 'wasm' },
    })
    const { accuracy } = result as unknown as {
      accuracy: { test: number; best: { test: number }; others: Record<string, number>; gap: Record<string, number> }
    }
    expect([accuracy.test, accuracy.best.test, ...Object.values(accuracy.others)].every(isShare)).toBe(true)
    expect(Object.keys(accuracy.others)).toEqual(['dynamic-teacher', 'ema'])
    expect(accuracy.gap['dynamic-teacher']).toBeCloseTo(accuracy.others['dynamic-teacher']! - accuracy.test, 10)
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(`Saved in ${at('gpd')}`)
    expect(stderr).not.toMatch(/\u001b|\r/)
  })

  it('writes the configuration with every default, and what it ran on', async () => {
    expect(await readJson('gpd/config.resolved.json')).toMatchObject({
      seed: 7,
      data: { directory: at('images'), validation: 16 },
      dynamicTeacher: { ratio: 2, sharing: 'hard', weight: 3 },
    })
    expect(await readJson('gpd/env.json')).toMatchObject({
      node: process.version,
      tfjs: '4.22.0',
      backend: { name: 'wasm' },
    })
    const lines = (await readFile(at('gpd/metrics.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; 'data-wait': number })
    const steps = lines.filter(({ type }) => type === 'step').map((line) => line['data-wait'])
    const { dataWait } = (await readJson('gpd/result.json')) as { dataWait: number }
    expect(dataWait).toBeCloseTo(steps.reduce((sum, share) => sum + share) / 6, 6)
    expect(isShare(dataWait)).toBe(true)
    expect(lines.map(({ type }) => type)).toEqual(['step', 'step', 'step', 'epoch', 'step', 'step', 'step', 'epoch'])
  })

  it('gives the same student for the same seed, and another for another', async () => {
    const weights = async (name: string, seed: string) => {
      await run(['train', '--config', at('plain.json'), '--output', at(name), '--seed', seed])
      return readFile(at(name, 'student/weights.safetensors'))
    }
    const [a, b, c] = [await weights('a', '0'), await weights('b', '0'), await weights('c', '1')]
    expect(a.equals(b)).toBe(true)
    expect(a.equals(c)).toBe(false)
  })

  it('can be repeated from the configuration that it left', async () => {
    await run(['train', '--config', at('gpd/config.resolved.json'), '--output', at('repeated')])
    const [first, second] = [await readJson('gpd/result.json'), await readJson('repeated/result.json')]
    expect(second['accuracy']).toEqual(first['accuracy'])
    const weights = (name: string) => readFile(at(name, 'ema/weights.safetensors'))
    expect((await weights('repeated')).equals(await weights('gpd'))).toBe(true)
  })

  it('learns from a static teacher, and goes on from given weights', async () => {
    const teacher = ['--set', 'teacher.weights=teacher/student', '--set', 'teacher.loss.name=kd']
    const first = await run(['train', '--config', at('gpd.json'), '--output', at('kd'), '--json', ...teacher])
    expect(first.stderr).not.toContain('gpd:')
    const metrics = await readFile(at('kd/metrics.jsonl'), 'utf8')
    expect(metrics).toContain('"kd(student, static-teacher)"')
    expect(metrics).toContain('"kd(dynamic-teacher, static-teacher)"')
    // A learning rate of 0 trains nothing, so that the student keeps the weights that it was given.
    const change = ['--set', 'student.weights=kd/student', '--set', 'optimizer.learningRate=0']
    await run(['train', '--config', at('plain.json'), '--output', at('tuned'), '--max-steps', '1', ...change])
    const [before, after] = [await loadNetwork(at('kd/student')), await loadNetwork(at('tuned/student'))]
    for (const [name, tensor] of Object.entries(before.parameters)) {
      expect(await after.parameters[name]!.data(), name).toEqual(await tensor.data())
    }
    for (const { parameters, statistics } of [before, after]) tf.dispose([parameters, statistics])
  })

  it('compares two views of the images, and saves heads of losses beside the student', async () => {
    await writeConfig(folder, 'mlkd.json', {
      ...tinyConfig,
      data: { ...tinyConfig.data, augment: { padding: 1 }, strong: { magnitude: 10 } },
      labelWeight: 0.1,
      labelViews: ['strong'],
      teacher: {
        weights: 'teacher/student',
        loss: [
          { name: 'mlkd', variant: 'release', weight: 0.9 },
          { name: 'fitnet', student: 'layer2', regressor: 'convolution', weight: 1 },
        ],
      },
    })
    const { status, stderr } = await run(['train', '--config', at('mlkd.json'), '--output', at('mlkd')])
    expect([status, stderr]).toEqual([0, expect.stringContaining('Saved in')])
    expect(await readFile(at('mlkd/metrics.jsonl'), 'utf8')).toContain('"mlkd(student, static-teacher)"')
    const heads = await loadHeads(at('mlkd/heads'))
    expect(Object.keys(heads)).toEqual(['fitnet(student, static-teacher)'])
    expect(heads['fitnet(student, static-teacher)']!['regressor0.kernel']!.shape).toEqual([1, 1, 4, 8])
    tf.dispose(Object.values(heads).flatMap((tensors) => Object.values(tensors)))
    const none = await run([
      'train',
      '--config',
      at('mlkd.json'),
      '--output',
      at('no-view'),
      '--set',
      'data.strong=false',
    ])
    expect(none.stderr).toMatch(/reads the view 'strong', the data has no field 'image\/strong'/)
    expect(none.status).toBe(3)
  })

  it('stops after --max-steps', async () => {
    const { status, stdout } = await run([
      'train',
      '--config',
      at('gpd.json'),
      '--output',
      at('short'),
      '--max-steps',
      '2',
      '--json',
    ])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, outcome: 'stopped', steps: 2 })
  })

  it('writes nothing in a --dry-run, and says what a run would be', async () => {
    const before = await readdir(folder)
    const { status, stdout, stderr } = await run([
      'train',
      '--config',
      at('gpd.json'),
      '--dry-run',
      '--json',
      '--output',
      at('dry'),
    ])
    expect(status).toBe(0)
    expect(await readdir(folder)).toEqual(before)
    expect(stderr).toContain('Nothing was written.')
    const plan = JSON.parse(stdout) as {
      parameters: Record<string, number>
      steps: number
      secondsPerStep: number
      estimatedSeconds: number
    }
    expect(plan).toMatchObject({ schema: 1, ok: true, dryRun: true, steps: 6 })
    // ResNet-8 of width 2, by hand: 3·3·1·2 + stages [2, 4, 8] with 1×1 shortcuts and batch norms + 8·3 + 3.
    expect(plan.parameters['student']).toBe(1321)
    expect(plan.parameters['dynamic-teacher']).toBeGreaterThan(3 * 1321)
    expect(plan.estimatedSeconds).toBeCloseTo(6 * plan.secondsPerStep, 10)
  })

  it('stops when it is told to, and saves first', async () => {
    const controller = new AbortController()
    const stderr = { write: (text: string) => void (text.includes('epoch 1/') && controller.abort()) }
    const { status, stdout } = await run(
      ['train', '--config', at('gpd.json'), '--output', at('stopped'), '--set', 'epochs=50', '--json'],
      { stderr, signal: controller.signal },
    )
    expect(status).toBe(130)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, outcome: 'aborted', error: { code: 'training.interrupted' } })
    expect(await readdir(at('stopped'))).toContain('student')
    const evaluated = await run(['evaluate', at('stopped/student'), '--data', at('images')])
    expect(evaluated.status).toBe(0)
  })

  it('stops when training diverges, and saves no student whose outputs are not finite', async () => {
    const { status, stdout, stderr } = await run([
      'train',
      '--config',
      at('plain.json'),
      '--output',
      at('diverged'),
      '--json',
      '--set',
      'epochs=20',
      '--set',
      'optimizer.learningRate=1e12',
    ])
    expect(status).toBe(5)
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      ok: false,
      outcome: 'diverged',
      error: { code: 'training.diverged', fix: expect.stringMatching(/learningRate/) },
    })
    expect(stderr).toMatch(/Training diverged: .* not finite at step \d+, learning rate 1000000000000/)
    expect(stderr).toMatch(/No student is saved: none was reached whose outputs are finite/)
    expect(await readdir(at('diverged'))).not.toContain('student')
  })

  it('saves what it had when training diverges late, with finite outputs', async () => {
    // Epochs of three steps; after the first one the learning rate is beyond all bounds.
    const rate = { kind: 'multiStep', start: 0.01, milestones: [0.26], factor: 1e15 }
    const args = ['--set', 'epochs=4', '--set', `optimizer.learningRate=${JSON.stringify(rate)}`]
    const config = ['train', '--config', at('plain.json'), '--output', at('late'), ...args]
    const { status, stdout, stderr } = await run([...config, '--json'])
    expect(status).toBe(5)
    expect(stderr).toMatch(/Training diverged: .* not finite at step \d, learning rate 10000000000000/)
    const result = JSON.parse(stdout) as { outcome: string; steps: number; accuracy: { test: number } }
    expect(result.outcome).toBe('diverged')
    for (const name of ['student', 'best']) {
      const evaluated = await run(['evaluate', at('late', name), '--data', at('images'), '--json'])
      expect(evaluated.status, evaluated.stderr).toBe(0)
      expect(Number.isFinite((JSON.parse(evaluated.stdout) as { loss: number }).loss)).toBe(true)
    }
    const { metadata } = await loadNetwork(at('late/student'))
    expect(metadata['steps']).toBe(String(result.steps))
  })

  it('leaves no tensors behind', async () => {
    const train = (name: string) =>
      run([
        'train',
        '--config',
        at('gpd.json'),
        '--output',
        at(name),
        '--max-steps',
        '1',
        '--set',
        'teacher.weights=teacher/student',
      ])
    await train('leak-1')
    const before = tf.memory().numTensors
    await train('leak-2')
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('validation images', () => {
  const trained = (name: string, ...args: string[]) =>
    run(['train', '--config', at('plain.json'), '--output', at(name), '--json', ...args])

  it('may be none: then no epoch is the best, and nothing is validated', async () => {
    const { status, stdout } = await trained('no-validation', '--set', 'data.validation=0')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      // All 64 training images, 16 in a batch.
      steps: 4,
      accuracy: { validation: null, best: null, test: expect.any(Number) },
    })
    expect(await readdir(at('no-validation'))).not.toContain('best')
    const best = await run(['extract', at('no-validation'), '--which', 'best', '--output', at('none')])
    expect([best.status, best.stderr]).toEqual([4, expect.stringMatching(/no best .*data\.validation.* --which last/)])
    const config = ['--config', at('no-validation/config.resolved.json')]
    const split = await run(['evaluate', at('no-validation/student'), ...config, '--split', 'validation'])
    expect([split.status, split.stderr]).toEqual([
      2,
      expect.stringMatching(/got data\.validation 0\. Use --split test/),
    ])
    const patient = await trained('none', '--set', 'data.validation=0', '--set', 'patience=1')
    expect([patient.status, patient.stderr]).toEqual([2, expect.stringMatching(/patience: expected a validation set/)])
    expect(await readdir(folder)).not.toContain('none')
  })

  it('may be a share of the training images, a tenth by default', async () => {
    await writeConfig(folder, 'default.json', {
      ...tinyConfig,
      data: { directory: 'images', classes: 3 },
      batchSize: 8,
    })
    const shares = [
      [[], 58], // 64 / 10 rounded
      [['--set', 'data.validation=0.25'], 48],
      [['--set', 'data.validation=0.001'], 63],
    ] as const
    for (const [set, images] of shares) {
      const { stdout } = await run(['train', '--config', at('default.json'), ...set, '--json', '--dry-run'])
      expect((JSON.parse(stdout) as { steps: number }).steps).toBe(Math.floor(images / 8))
    }
  })

  it('a channel that never changes is no reason to stop', async () => {
    await writeTinyImages(at('blank'))
    const gray = { dims: [64, 8, 8], data: new Uint8Array(64 * 64).fill(9) }
    await writeIdx(at('blank', mnistFiles.train.images), gray)
    const { status, stderr } = await trained('blank-run', '--set', 'data.directory=blank')
    expect([status, stderr]).toEqual([0, expect.stringContaining('Saved in')])
    const { metadata } = await loadNetwork(at('blank-run/student'))
    expect(metadata).toMatchObject({ 'input-mean': JSON.stringify([9 / 255]), 'input-deviation': '[1]' })
  })
})

describe('gpd evaluate and gpd extract', () => {
  it('find the accuracy that training found', async () => {
    const result = (await readJson('gpd/result.json')) as {
      accuracy: { test: number; validation: number; others: { ema: number } }
    }
    const { accuracy } = result
    const byData = await run(['evaluate', at('gpd/student'), '--data', at('images'), '--json'])
    expect(JSON.parse(byData.stdout)).toMatchObject({
      schema: 1,
      ok: true,
      split: 'test',
      samples: 24,
      accuracy: accuracy.test,
    })
    // The moments of other images are not what the student was trained with: those that were saved with it count.
    const byConfig = await run([
      'evaluate',
      at('gpd/student'),
      '--config',
      at('gpd.json'),
      '--split',
      'validation',
      '--json',
    ])
    expect(JSON.parse(byConfig.stdout)).toMatchObject({
      split: 'validation',
      samples: 16,
      accuracy: accuracy.validation,
    })
    for (const [which, expected] of [
      ['last', accuracy.test],
      ['ema', accuracy.others.ema],
    ] as const) {
      const extracted = await run([
        'extract',
        at('gpd'),
        '--which',
        which,
        '--output',
        at(`extracted-${which}`),
        '--json',
      ])
      expect(JSON.parse(extracted.stdout)).toMatchObject({ ok: true, which, network: 'resnet8-w2', parameters: 1321 })
      expect((await readdir(at(`extracted-${which}`))).sort()).toEqual(['network.json', 'weights.safetensors'])
      const again = await run(['evaluate', at(`extracted-${which}`), '--data', at('images'), '--json'])
      expect((JSON.parse(again.stdout) as { accuracy: number }).accuracy).toBe(expected)
    }
  })

  it.each([
    ['layers-model', ['model.json', 'weights.bin']],
    ['onnx', ['model.onnx']],
  ])('extracts the student as %s', async (format, files) => {
    const output = at(`as-${format}`)
    const { status } = await run(['extract', at('gpd'), '--output', output, '--format', format])
    expect(status).toBe(0)
    expect((await readdir(output)).sort()).toEqual(files)
    if (format === 'onnx') return
    const student = await loadNetwork(at('gpd', 'student'))
    const model = await tf.loadLayersModel(layersModelFolder(output))
    const x = tf.randomNormal([2, ...student.network.inputs['image']!.shape], 0, 1, 'float32', 1)
    const moments = { mean: student.metadata['input-mean']!, deviation: student.metadata['input-deviation']! }
    const [mean, deviation] = [moments.mean, moments.deviation].map((text) => JSON.parse(text) as number[])
    const gap = tf.sub(model.predict(tf.add(tf.mul(x, deviation!), mean!)) as tf.Tensor, predict(student, x))
    expect(tf.max(tf.abs(gap)).dataSync()[0]).toBeLessThan(1e-5)
  })

  it.each([
    ['onnx', 'kept', true],
    ['onnx', undefined, false],
    ['onnx', 'folded', false],
    ['layers-model', undefined, true],
    ['layers-model', 'folded', false],
    ['safetensors', 'folded', false],
  ])('extracts as %s with batch norm %s', async (format, choice, normalizes) => {
    const output = at(`norm-${format}-${choice}`)
    const options = choice === undefined ? [] : ['--batch-norm', choice]
    const { status } = await run(['extract', at('gpd'), '--output', output, '--format', format, ...options])
    expect(status).toBe(0)
    const [file] = (await readdir(output)).filter((name) => /json$|onnx$/.test(name))
    const text = await readFile(join(output, file!), 'latin1')
    expect(/batchNorm|BatchNormalization/.test(text)).toBe(normalizes)
    if (format !== 'safetensors') return
    const [folded, plain] = [await loadNetwork(output), await loadNetwork(at('gpd', 'student'))]
    const x = tf.randomNormal([2, ...plain.network.inputs['image']!.shape], 0, 1, 'float32', 1)
    const logits = (model: typeof plain) => predict(model, x)
    expect(folded.network.statistics).toEqual([])
    expect(tf.max(tf.abs(tf.sub(logits(folded), logits(plain)))).dataSync()[0]).toBeLessThan(1e-5)
  })

  it.each([
    [['evaluate', 'nowhere', '--data', 'images'], 4, /Cannot read '.*nowhere/],
    [['evaluate', 'gpd/student'], 2, /Expected --config FILE/],
    [['evaluate', 'gpd/student', '--data', 'images', '--config', 'gpd.json'], 2, /got both/],
    [['evaluate', 'gpd/student', '--data', 'images', '--split', 'validation'], 2, /Use --config FILE/],
    [
      ['evaluate', 'gpd/student', '--data', 'images', '--split', 'train'],
      2,
      /expected test or validation, got 'train'/,
    ],
    [['extract', 'gpd'], 2, /expected --output DIR/],
    [['extract', 'gpd', '--output', 'teacher'], 2, /expected an empty folder/],
    [['extract', 'gpd', '--output', 'new', '--which', 'bst'], 2, /Did you mean 'best'\?/],
    [
      ['extract', 'gpd', '--output', 'new', '--batch-norm', 'gone'],
      2,
      /--batch-norm: there is no 'gone'.* folded, kept/,
    ],
    [['extract', 'gpd', '--output', 'new', '--format', 'onx'], 2, /Did you mean 'onnx'\?/],
    [['extract', 'teacher', '--output', 'new', '--which', 'ema'], 4, /this run has no ema/],
  ])('%j is refused', async (args, status, message) => {
    const paths = args.map((arg) => (/^(nowhere|gpd\/|gpd\.|images|new|teacher|gpd$)/.test(arg) ? at(arg) : arg))
    const result = await run(paths)
    expect(result.stderr).toMatch(message)
    expect(result.status).toBe(status)
    expect(await readdir(folder)).not.toContain('new')
  })
})
