import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { BackendName } from '../adapters/adapter.ts'
import { relativeError } from '../conformance/conformance.runner.ts'
import { useBackend } from '../use-backend.ts'
import { aliases, layerCases, notLayers } from './all.layers.ts'
import type { LayerCase } from './layer-case.ts'
import { trainLayer, type Held } from './train-layer.ts'

type Result = Awaited<ReturnType<typeof trainLayer>> | Error

const subjects = Object.entries(layerCases).flatMap(([layer, cases]) =>
  cases.map((subject) => ({ ...subject, title: `${layer} ${subject.name}` })),
)

async function trained(subject: LayerCase): Promise<Result> {
  try {
    return await trainLayer(subject)
  } catch (error) {
    return error as Error
  }
}

/** One after another: they share `Math.random` and the count of tensors. */
async function trainAll(): Promise<ReadonlyMap<string, Result>> {
  const results = new Map<string, Result>()
  for (const subject of subjects) results.set(subject.title, await trained(subject))
  return results
}

/** Largest relative difference of losses, weights and outputs; infinite if one of them threw. */
function difference(found: Result, expected: Result): number {
  if (found instanceof Error || expected instanceof Error) return Infinity
  const parts = ['losses', 'weights', 'output'] as const
  return Math.max(
    ...parts.map((part) => relativeError(Float32Array.from(found[part]), Float32Array.from(expected[part]))),
  )
}

const works = async (backend: BackendName): Promise<boolean> =>
  useBackend(backend).then(
    () => true,
    () => false,
  )

const TOLERANCE = 1e-5

it('every layer of tf.layers is in this test', () => {
  const listed = [...Object.keys(layerCases), ...Object.keys(aliases), ...Object.keys(notLayers)]
  expect(Object.keys(tf.layers).sort()).toEqual(listed.sort())
  for (const cases of Object.values(layerCases)) expect(cases).not.toHaveLength(0)
})

it('a second name of a layer makes the same layer', () => {
  const make = tf.layers as unknown as Readonly<Record<string, (args: object) => tf.layers.Layer>>
  for (const [alias, name] of Object.entries(aliases)) {
    expect(make[alias]!({}).getClassName()).toBe(make[name]!({}).getClassName())
  }
})

describe('a plain tf.layers model trains', () => {
  const results = new Map<string, ReadonlyMap<string, Result>>()
  const on = (where: string, { title }: { readonly title: string }) => results.get(where)!.get(title)!

  beforeAll(async () => {
    await tf.setBackend('cpu') // before anything is repaired
    results.set('plain', await trainAll())
    for (const backend of ['cpu', 'wasm', 'tensorflow'] as const) {
      if (await works(backend)) results.set(backend, await trainAll())
    }
  }, 60_000)

  it.each(subjects.filter(({ throws, repaired }) => !throws && !repaired))('$title', (subject) => {
    const plain = on('plain', subject)
    for (const [backend, all] of results) {
      const found = all.get(subject.title)!
      expect(found, backend).toHaveProperty('losses')
      expect(difference(found, plain), backend).toBeLessThan(TOLERANCE)
      expect(found, backend).toHaveProperty('left', (plain as { left: Held }).left)
    }
  })

  it.each(subjects.filter(({ repaired }) => repaired))('$title, whose gradient of $repaired is repaired', (subject) => {
    const cpu = on('cpu', subject)
    expect(difference(on('plain', subject), cpu)).not.toBeLessThan(TOLERANCE)
    for (const [backend, all] of results) {
      if (backend === 'plain') continue
      const found = all.get(subject.title)!
      expect(found, backend).toHaveProperty('losses')
      expect(difference(found, cpu), backend).toBeLessThan(TOLERANCE)
      expect(found, backend).toHaveProperty('left', { tensors: 0, numbers: 0 })
    }
  })

  it.each(subjects.filter(({ throws }) => throws))('$title throws in tf.layers itself', (subject) => {
    for (const [backend, all] of results) {
      const found = all.get(subject.title)!
      expect(found, backend).toBeInstanceOf(Error)
      expect((found as Error).message, backend).toMatch(subject.throws!)
    }
  })
})
