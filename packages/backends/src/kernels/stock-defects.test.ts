import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { beforeAll, describe, expect, it } from 'vitest'
import { conformanceCases } from '../conformance/all.cases.ts'
import { evaluate, evaluateAll, finiteDifferenceErrors, largestError } from '../conformance/conformance.runner.ts'
import { cpuKernels, repairCpuKernels } from './cpu/index.ts'
import { gradientRepairs, repairGradients } from './gradients/index.ts'
import { wasmKernels } from './wasm/index.ts'

const failing = (repair: string) => conformanceCases.filter(({ fails }) => fails?.includes(repair))

/** Whether each case that a repair is for is wrong, or throws. */
async function expectWrong(repair: string, isWrong: (subject: (typeof conformanceCases)[number]) => Promise<boolean>) {
  const cases = failing(repair)
  expect(cases).not.toEqual([])
  for (const subject of cases) expect(await isWrong(subject).catch(() => true), subject.name).toBe(true)
}

it('every failure that a case names has a repair', () => {
  const known = [
    ...gradientRepairs.map(({ kernel }) => `gradient ${kernel}`),
    ...cpuKernels.map(({ name }) => `cpu ${name}`),
    ...wasmKernels.map(({ name }) => `wasm ${name}`),
  ]
  const named = conformanceCases
    .flatMap(({ fails = [] }) => fails)
    .filter((name) => !/^(webgpu|tensorflow) /.test(name))
  for (const name of named) expect(known).toContain(name)
})

// Here nothing is repaired at first. For each repair, at least one conformance case must fail without it.
describe('without its repair', () => {
  beforeAll(() => tf.setBackend('cpu'))

  it.each(gradientRepairs)('the gradient of $kernel $problem', ({ kernel }) =>
    expectWrong(`gradient ${kernel}`, async (subject) => {
      const errors = await finiteDifferenceErrors(subject, await evaluate(subject))
      return Object.values(errors).some((error) => !(error < 2e-3))
    }),
  )

  describe('on cpu', () => {
    const stock = new Map<string, number>()

    // Results before the repair are kept, and compared with the right ones, which exist only after it.
    beforeAll(async () => {
      repairGradients()
      const cases = conformanceCases.filter(({ fails }) => fails?.some((name) => name.startsWith('cpu ')))
      const before = new Map<string, Awaited<ReturnType<typeof evaluate>> | undefined>()
      for (const subject of cases) before.set(subject.name, await evaluate(subject).catch(() => undefined))
      repairCpuKernels()
      for (const subject of cases) {
        const found = before.get(subject.name)
        stock.set(subject.name, found === undefined ? Infinity : await largestError(subject, found))
      }
    })

    it.each(cpuKernels)('$name $problem', ({ name }) =>
      expectWrong(`cpu ${name}`, ({ name: subject }) => Promise.resolve(!(stock.get(subject)! < 1e-5))),
    )
  })

  describe('on wasm', () => {
    const stock = new Set<string>()

    beforeAll(async () => {
      await tf.setBackend('cpu')
      const cases = conformanceCases.filter(({ fails }) => fails !== undefined)
      const references = await evaluateAll(cases)
      await tf.setBackend('wasm')
      for (const subject of cases) {
        if (!((await largestError(subject, references.get(subject.name)!)) < 1e-5)) stock.add(subject.name)
      }
    })

    it.each(wasmKernels.filter(({ defect }) => defect !== 'slow'))('$name $problem', ({ name }) =>
      expectWrong(`wasm ${name}`, (subject) => Promise.resolve(stock.has(subject.name))),
    )
  })
})
