/** A run that is killed and resumed is bit for bit the one that never stopped. */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import { recordData } from '@gpdjs/core'
import { tensorSource } from '@gpdjs/data'
import { loadCheckpoint, saveCheckpoint, type Plain } from '@gpdjs/interchange'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { crd, dkd, kd, mlkd, vid } from '@gpdjs/kd-losses'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Callbacks, Snapshot } from '../callbacks.ts'
import { distill } from '../distill.ts'
import type { DistillOptions } from '../distill-options.ts'
import { adamw } from '../optimizers/adamw.ts'
import { sgd } from '../optimizers/sgd.ts'
import { dynamicTeacher } from '../plugins/dynamic-teacher.ts'
import { ema } from '../plugins/ema.ts'
import { staticTeacher } from '../plugins/static-teacher.ts'
import { cosine, warmUp } from '../schedule.ts'
import { drawn, tinyData, tinyNetwork, tinyTensors } from '../testing.ts'
import { checkpoints } from './checkpoints.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpd resume '))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const teacher = () => drawn(tinyNetwork({ width: 4 }), 9)
const withViews = () => {
  const { xs, ys, classes } = tinyTensors()
  return tensorSource({ xs, ys, classes, views: { strong: tf.mul(xs, 0.5) } })
}
const gpd = () => dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) })
const momentum = () =>
  sgd({ learningRate: warmUp(cosine(0.05), { steps: 3 }), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 })

type Part = Partial<DistillOptions>

/** Three epochs of four steps. */
const CASES: Readonly<Record<string, () => Part>> = {
  'plain gradient descent, seed 0': () => ({ optimizer: sgd({ learningRate: 0.05 }), seed: 0 }),
  'momentum, clipping, schedules': () => ({ optimizer: momentum() }),
  'AdamW, several batches a step': () => ({
    optimizer: adamw({ learningRate: cosine(0.01) }),
    batchSize: 3,
    accumulate: 2,
  }),
  'a dynamic teacher, EMA': () => ({ plugins: [gpd(), ema()] }),
  'an EMA of a part of the tensors that teaches': () => ({
    plugins: [ema({ decay: 0.9, probability: 0.5, actor: 'mean-teacher' })],
  }),
  'a static teacher, its outputs remembered': () => ({
    plugins: [staticTeacher({ ...teacher(), loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) }), gpd()],
  }),
  views: () => ({ plugins: staticTeacher({ ...teacher(), loss: mlkd() }) }),
  'a memory of the samples': () => ({
    plugins: staticTeacher({ ...teacher(), loss: crd({ student: 'pool', negatives: 4 }) }),
  }),
  heads: () => ({ plugins: staticTeacher({ ...teacher(), loss: vid({ student: 'features' }) }) }),
  'evaluated every second epoch': () => ({ evaluateEvery: 2, plugins: staticTeacher({ ...teacher(), loss: kd() }) }),
}

const TIMES = ['samples-per-second', 'data-wait']
const untimed = (position: unknown): string =>
  JSON.stringify(position, (key, value: unknown) => (TIMES.includes(key) ? undefined : value)).replaceAll(
    /\["(samples-per-second|data-wait)",[^\]]*\],?/g,
    '',
  )

/** A digest of all that a run is, but for how long it took. */
async function digestOfSnapshot({ records, position }: Snapshot): Promise<string> {
  const hash = createHash('sha256').update(untimed(position))
  for (const kind of Object.keys(records).sort()) {
    const data = await recordData(records[kind]!)
    for (const name of Object.keys(data).sort()) hash.update(`${kind}/${name}`).update(data[name]!)
  }
  return hash.digest('hex')
}

const CRASH = new Error('crash')

/** Runs to the end, or to a crash after some step or epoch; the digest of where it ends. */
async function run(part: Part, at: { step?: number; epoch?: number } = {}, extra: Part = {}): Promise<string> {
  let digest = ''
  let snapshot: (() => Promise<Snapshot>) | undefined
  const watch: Callbacks = {
    onTrainBegin: (_, handle) => void (snapshot = () => handle.snapshot()),
    onBatchEnd: (step) => {
      if (step === at.step) throw CRASH
    },
    onEpochEnd: (epoch) => {
      if (epoch === at.epoch) throw CRASH
    },
    onTrainEnd: async () => void (digest = await digestOfSnapshot(await snapshot!())),
  }
  const { callbacks = [], ...others } = extra
  const result = await distill({
    student: tinyNetwork(),
    data: part.data ?? { train: withViews(), validation: tinyData(9, 3, 7) },
    optimizer: momentum(),
    epochs: 3,
    batchSize: 6,
    seed: 5,
    ...part,
    ...others,
    callbacks: [callbacks, watch].flat(),
  })
  result.dispose()
  return digest
}

const saving = (): Part => ({ callbacks: checkpoints({ folder, every: { steps: 1 } }) })

describe.each(['cpu', 'wasm'] as const)(
  'on %s a resumed run ends bit for bit as the one that did not stop',
  (backend) => {
    beforeAll(async () => void (await useBackend(backend)))

    it.each(Object.entries(CASES))('%s', async (_, part) => {
      const whole = await run(part())
      for (const at of [{ step: 2 }, { step: 8 }, { epoch: 0 }, { step: 12 }]) {
        await expect(run(part(), at, saving())).rejects.toBe(CRASH)
        expect(await run(part(), {}, { ...saving(), resume: folder })).toBe(whole)
        await rm(folder, { recursive: true })
      }
    })

    it('also if it is stopped again and again', async () => {
      const part = CASES['a dynamic teacher, EMA']!
      const whole = await run(part())
      for (let step = 1; step < 12; step++)
        await expect(run(part(), { step }, { ...saving(), resume: { folder, optional: true } })).rejects.toBe(CRASH)
      expect(await run(part(), {}, { resume: folder })).toBe(whole)
    })

    it('also if maxSteps ends it in the middle of an epoch', async () => {
      const whole = await run({})
      await run({}, {}, { ...saving(), maxSteps: 6 })
      expect(await run({}, {}, { resume: folder })).toBe(whole)
    })

    it('also if a signal ends it', async () => {
      const whole = await run({})
      const controller = new AbortController()
      await run(
        {},
        {},
        {
          signal: controller.signal,
          callbacks: [checkpoints({ folder }), { onBatchEnd: (step) => void (step === 7 && controller.abort()) }],
        },
      )
      expect(await run({}, {}, { resume: folder })).toBe(whole)
    })
  },
)

describe('a run that is another one is refused, and says in what', () => {
  beforeAll(async () => void (await useBackend('cpu')))

  const OTHER: Readonly<Record<string, [Part, RegExp]>> = {
    'another seed': [{ seed: 6 }, /\n {2}seed: 5 → 6\b/],
    'other batches': [{ batchSize: 5 }, /\n {2}batchSize: 6 → 5\b/],
    'other learning rates': [
      { optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }) },
      /\n {2}rates\.learning-rate: 0\.\d+ → 0\.05\b/,
    ],
    'another optimizer': [{ optimizer: adamw({ learningRate: 0.1 }) }, /\n {2}optimizer: "clip\(5\), sgd" → "adamw"\n/],
    'another network': [{ student: tinyNetwork({ width: 3 }) }, /\n {2}networks\.student: /],
    'one more loss': [
      { plugins: staticTeacher({ ...teacher(), loss: kd() }) },
      /weights\.kd\(student, static-teacher\): nothing → 1/,
    ],
    'other images': [{ data: { train: tinyData(24, 3, 2) } }, /\n {2}data\.train: /],
    'other validation images': [
      { data: { train: withViews(), validation: tinyData(9, 3, 8) } },
      /\n {2}data\.validation: /,
    ],
  }
  it.each(Object.entries(OTHER))('%s', async (_, [part, message]) => {
    await run({}, {}, { ...saving(), maxSteps: 6 })
    const error = await run(part, {}, { resume: folder }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'checkpoint.incompatible' })
    expect((error as Error).message).toMatch(message)
  })

  it('another teacher of the same shape', async () => {
    const taught = (seed: number): Part => ({
      plugins: staticTeacher({ ...drawn(tinyNetwork({ width: 4 }), seed), loss: kd() }),
    })
    await run(taught(1), {}, { ...saving(), maxSteps: 6 })
    await expect(run(taught(2), {}, { resume: folder })).rejects.toThrow(/\n {2}constants: "\w{64}" → "\w{64}"/)
    expect(await run(taught(1), {}, { resume: folder })).toBe(await run(taught(1)))
  })

  it('unless that is allowed', async () => {
    await run({}, {}, { ...saving(), maxSteps: 6 })
    const optimizer = sgd({ learningRate: 0.05, momentum: 0.9, clipGlobalNorm: 5 })
    const notes: string[] = []
    const callbacks: Callbacks = { onTrainBegin: ({ resumed }) => void notes.push(...resumed!.notes) }
    await run({ optimizer }, {}, { resume: { folder, allow: ['rates'] }, callbacks })
    expect(notes).toEqual([expect.stringMatching(/^rates\.learning-rate: /)])
  })

  it('but for more epochs', async () => {
    const optimizer = () => sgd({ learningRate: 0.05, momentum: 0.9 })
    await run({ optimizer: optimizer() }, {}, saving())
    expect(await run({ optimizer: optimizer(), epochs: 5 }, {}, { resume: folder })).toBe(
      await run({ optimizer: optimizer(), epochs: 5 }),
    )
  })

  it.each([
    ['of a later version', { schema: 2 }, 'checkpoint.incompatible', /version 1 or earlier, got version 2/],
    ['without a step', { step: 'one' }, 'checkpoint.corrupt', /'step'/],
    ['with a mean that is none', { mean: [['loss', 'x', 1]] }, 'checkpoint.corrupt', /'mean'/],
    ['with half a history', { history: [{ epoch: 0 }] }, 'checkpoint.corrupt', /'history'/],
  ])('a checkpoint %s', async (_, change, code, message) => {
    await run({}, {}, { ...saving(), maxSteps: 6 })
    const { step, records, state } = await loadCheckpoint(folder)
    await saveCheckpoint(folder, step, records, {
      ...(state as Record<string, Plain>),
      ...(change as Record<string, Plain>),
    })
    for (const record of Object.values(records)) tf.dispose(record)
    const data = { train: withViews(), validation: tinyData(9, 3, 7) }
    const before = tf.memory().numTensors
    const error = await run({ data }, {}, { resume: folder }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code })
    expect((error as Error).message).toMatch(message)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('a folder without checkpoints, unless it may be', async () => {
    await expect(run({}, {}, { resume: folder })).rejects.toMatchObject({ code: 'checkpoint.missing' })
    expect(await run({}, {}, { resume: { folder, optional: true } })).toBe(await run({}))
  })
})
