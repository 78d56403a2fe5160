import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { BackendName } from '../adapters/adapter.ts'
import { conformanceCases, type ConformanceCase } from '../conformance/all.cases.ts'
import { evaluate, largestError, type Evaluation } from '../conformance/conformance.runner.ts'
import { useBackend } from '../use-backend.ts'

/** Attributes that the operations of TensorFlow.js 4.22 may be called without, and what they mean then. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  activation: 'linear',
  alignCorners: false,
  batchDims: 0,
  beginMask: 0,
  dataFormat: 'NHWC',
  dilations: 1,
  dimRoundingMode: undefined,
  ellipsisMask: 0,
  endMask: 0,
  exclusive: false,
  halfPixelCenters: false,
  keepDims: false,
  newAxisMask: 0,
  reverse: false,
  shrinkAxisMask: 0,
  sorted: true,
  transposeA: false,
  transposeB: false,
}

const isDefault = (name: string, value: unknown) =>
  Object.hasOwn(DEFAULTS, name) && [value].flat().every((entry) => entry === DEFAULTS[name])

type RunKernel = (kernel: string, inputs: object, attrs?: object) => unknown

const engine = tf.engine() as unknown as { runKernel: RunKernel }
const runKernel = engine.runKernel.bind(engine)

/** Calls every kernel, and so its gradient, with other attributes. */
function intercept(change: (kernel: string, name: string, value: unknown) => unknown): void {
  engine.runKernel = (kernel, inputs, attrs = {}) => {
    const changed = Object.entries(attrs).map(([name, value]) => [name, change(kernel, name, value as unknown)])
    return runKernel(kernel, inputs, Object.fromEntries(changed) as object)
  }
}

/** `kernel.attribute` for each attribute that has its default somewhere in this case. */
async function optionalIn(subject: ConformanceCase): Promise<readonly string[]> {
  const found = new Set<string>()
  intercept((kernel, name, value) => {
    if (isDefault(name, value)) found.add(`${kernel}.${name}`)
    return value
  })
  await evaluate(subject).catch(() => undefined)
  engine.runKernel = runKernel
  return [...found]
}

/** Largest difference from the same case with everything given, if one attribute is null instead. */
async function errorWithout(attribute: string, subject: ConformanceCase, reference: Evaluation): Promise<number> {
  intercept((kernel, name, value) => (`${kernel}.${name}` === attribute && isDefault(name, value) ? null : value))
  const error = await largestError(subject, reference)
  engine.runKernel = runKernel
  return error
}

/** A case, and an attribute that the plain library takes null for. */
interface Accepted {
  readonly subject: ConformanceCase
  readonly attribute: string
}

/** So many cases are enough for an attribute. */
const MOST = 4

/** Where the plain library has no gradient, its value must do. */
async function acceptedBy(subject: ConformanceCase, counts: Map<string, number>): Promise<Accepted[]> {
  const forward = { ...subject, differentiable: false }
  const whole = await evaluate(subject).catch(() => undefined)
  const part = whole === undefined ? forward : subject
  const reference = whole ?? (await evaluate(forward).catch(() => undefined))
  if (reference === undefined) return []
  const accepted: Accepted[] = []
  for (const attribute of await optionalIn(part)) {
    const count = counts.get(attribute) ?? 0
    if (count === MOST || (await errorWithout(attribute, part, reference)) !== 0) continue
    counts.set(attribute, count + 1)
    accepted.push({ subject, attribute })
  }
  return accepted
}

describe('an attribute that is null is one that was not given', () => {
  const accepted: Accepted[] = []

  beforeAll(async () => {
    await tf.setBackend('cpu') // before anything is repaired
    const counts = new Map<string, number>()
    for (const subject of conformanceCases) accepted.push(...(await acceptedBy(subject, counts)))
  }, 60_000)

  afterEach(() => {
    engine.runKernel = runKernel
  })

  it('the plain library takes null for many', () => {
    expect(new Set(accepted.map(({ attribute }) => attribute)).size).toBeGreaterThan(20)
  })

  it.each<BackendName>(['cpu', 'wasm'])('%s takes it wherever the plain library does', async (backend) => {
    await useBackend(backend)
    const wrong: string[] = []
    for (const { subject, attribute } of accepted) {
      if (subject.refusedBy?.includes(backend)) continue
      const error = await errorWithout(attribute, subject, await evaluate(subject))
      if (error !== 0) wrong.push(`${attribute} in ${subject.name}: ${error}`)
    }
    expect(wrong).toEqual([])
  })
})
