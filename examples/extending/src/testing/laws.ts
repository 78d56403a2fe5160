import * as tf from '@tensorflow/tfjs'
import {
  apply,
  initializeParameters,
  initializeStatistics,
  mapRecord,
  mergeBranches,
  type Network,
  predict,
  type TensorRecord,
} from '@gpdjs/core'
import { extractStudent, studentView } from '@gpdjs/cbr-reparam'
import {
  branchParameters,
  expand,
  liftParameters,
  liftStatistics,
  teacherView,
  type ExpandOptions,
} from '@gpdjs/ir-expansion'
import { expect, it } from 'vitest'
import { random } from './small-run.ts'

const values = (record: TensorRecord) => mapRecord(record, (tensor) => Array.from(tensor.dataSync()))

/** Parameters and moments of which none is at its default. */
function drawTensors({ parameters, statistics }: Network) {
  const moved = (tensor: tf.Tensor, name: string) => tf.add(tensor, tf.mul(0.2, random(tensor.shape, name)))
  const widened = (tensor: tf.Tensor, name: string) => tf.add(tensor, tf.mul(0.3, tf.abs(random(tensor.shape, name))))
  return {
    parameters: mapRecord(initializeParameters(parameters, 1), moved),
    statistics: mapRecord(initializeStatistics(statistics), widened),
  }
}

function lifted(network: Network, options: ExpandOptions) {
  const { parameters, statistics } = drawTensors(network)
  const expansion = expand(network, options)
  const branched = branchParameters(expansion, parameters, 1)
  const stored = liftParameters(expansion, branched, { kind: 'zero-sum', deviation: 0.1 }, 1)
  return {
    expansion,
    parameters,
    statistics,
    branched,
    stored,
    x: random([5, ...network.inputs['image']!.shape], 'images'),
  }
}

/** The four laws of docs/concepts.md as tests of one network and one expansion by a power of two. */
export function itKeepsTheLaws(network: Network, options: ExpandOptions): void {
  const test = (law: string, body: () => void) => it(law, () => void tf.tidy(body))

  test('1. the student view of a lifted student is that student, bit for bit', () => {
    const { expansion, parameters, stored } = lifted(network, options)
    expect(values(studentView(expansion, stored))).toEqual(values(parameters))
  })

  for (const training of [false, true]) {
    test(`2. the dynamic teacher computes what the student does, training: ${training}`, () => {
      const { expansion, statistics, branched, stored, x } = lifted(network, options)
      const student = apply(
        { network: expansion.student, parameters: mergeBranches(expansion, branched), statistics },
        x,
        { training },
      )
      const wide = liftStatistics(expansion, statistics)
      const teacher = apply(
        { network: expansion.teacher, parameters: teacherView(expansion, stored), statistics: wide },
        x,
        { training },
      )
      const scale = tf.max(tf.abs(student.outputs['logits']!)).dataSync()[0]!
      expect(scale).toBeGreaterThan(0.1)
      expect(
        tf.max(tf.abs(tf.sub(teacher.outputs['logits']!, student.outputs['logits']!))).dataSync()[0]! / scale,
      ).toBeLessThan(2e-5)
    })
  }

  test('3. with ratio 1 nothing is changed', () => {
    const { expansion, parameters, stored } = lifted(network, { ...options, ratio: 1 })
    expect(values(teacherView(expansion, stored))).toEqual(values(parameters))
    expect(values(studentView(expansion, stored))).toEqual(values(parameters))
  })

  test('4. the extracted student gives the logits of the student in training, bit for bit', () => {
    const { expansion, statistics, stored, x } = lifted(network, options)
    const trained = mapRecord(stored, (tensor, name) =>
      tf.add(tensor, tf.mul(0.1, random(tensor.shape, `step ${name}`))),
    )
    const deployed = extractStudent(expansion, trained, statistics)
    const logits = (net: Network, parameters: TensorRecord) => predict({ network: net, parameters, statistics }, x)
    const plain = Array.from(logits(deployed.network, deployed.parameters).dataSync())
    expect(plain).toEqual(Array.from(logits(expansion.student, studentView(expansion, trained)).dataSync()))
    expect(Object.keys(deployed.parameters).sort()).toEqual(network.parameters.map(({ name }) => name).sort())
  })
}
