import * as tf from '@tensorflow/tfjs'
import type { TensorRecord } from '@gpdjs/core'
import type { Expansion } from '@gpdjs/ir-expansion'
import type { GoldenRun } from './golden-run.ts'

type Layout = (x: tf.Tensor) => tf.Tensor

const hwio: Layout = (x) => tf.transpose(x, [2, 3, 1, 0])
const asIs: Layout = (x) => x
/** `[O, I, k, k]` → `[I, k², O]` */
const kernel: Layout = (x) => tf.transpose(tf.reshape(x, [x.shape[0]!, x.shape[1]!, -1]), [1, 2, 0])
/** `[O, 1, k, k]` → `[k², O]` */
const channels: Layout = (x) => tf.transpose(tf.reshape(x, [x.shape[0]!, -1]))

/** PyTorch's name and layout of each tensor that a branched convolution stores: full, then depthwise. */
const BRANCHES: Readonly<Record<string, readonly [name: string, full: Layout, depthwise: Layout]>> = {
  gates: ['vector', asIs, asIs],
  origin: ['weight_orepa_origin', kernel, channels],
  average: ['weight_orepa_avg_conv', kernel, channels],
  prior: ['weight_orepa_pfir_conv', kernel, channels],
  frequency: ['weight_orepa_prior', channels, channels],
  inner: ['weight_orepa_1x1_kxk_idconv1', (x) => tf.transpose(tf.squeeze(x, [2, 3])), channels],
  identity: ['id_tensor', (x) => tf.transpose(tf.squeeze(x, [2, 3])), channels],
  outer: ['weight_orepa_1x1_kxk_conv2', kernel, (x) => tf.expandDims(channels(x), 0)],
  pointwise: ['weight_orepa_1x1', kernel, channels],
  // d[8 i + t, 1, h, w] → [i, h w, t]; depthwise → [t, h w, i]
  depthwise: [
    'weight_orepa_gconv_dw',
    (x) => tf.transpose(tf.reshape(x, [-1, 8, 9]), [0, 2, 1]),
    (x) => tf.transpose(tf.reshape(x, [-1, 8, 9]), [1, 2, 0]),
  ],
  // q[o, 8 i + t] → [i, t, o]; depthwise q[o, t] → [t, 1, o]
  project: [
    'weight_orepa_gconv_pw',
    (x) => tf.transpose(tf.reshape(x, [x.shape[0]!, -1, 8]), [1, 2, 0]),
    (x) => tf.expandDims(channels(x), 1),
  ],
}

/** How the recorded networks call their depthwise convolutions. */
const isDepthwise = (name: string) => /(^dw|\.dwconv)\./.test(name)

function plainLayout(name: string, rank: number, depthwise: boolean): Layout {
  if (rank === 4) return depthwise ? (x) => tf.transpose(x, [2, 3, 0, 1]) : hwio
  return rank === 2 && name.endsWith('.weight') ? (x) => tf.transpose(x) : asIs
}

/** Parameters of a plain network recorded under `prefix`. */
export function plainTensors(run: GoldenRun, prefix: string, names: readonly string[]): Record<string, tf.Tensor> {
  const read = (name: string) => {
    const tensor = run.tensor(`${prefix}${name}`)
    return plainLayout(name, tensor.rank, isDepthwise(name))(tensor)
  }
  return Object.fromEntries(names.map((name) => [name, read(name)]))
}

/** The stored tensors of an expansion recorded under `prefix`; those that were not recorded are left out. */
export function storedTensors(run: GoldenRun, prefix: string, expansion: Expansion): Record<string, tf.Tensor> {
  const siteOf = new Map(
    expansion.merges.flatMap((merge) =>
      Object.entries(merge.stored).map(([short, name]) => [name, { short, parameter: merge.parameter }]),
    ),
  )
  const entries = expansion.stored.flatMap(({ name }) => {
    const site = siteOf.get(name)
    if (!site) {
      const branched = expansion.merges.some(({ parameter }) => parameter.replace(/weight$/, 'bias') === name)
      const key = branched ? `${name}_orepa_origin` : name
      if (!run.has(prefix + key)) return []
      const tensor = run.tensor(prefix + key)
      return [[name, plainLayout(name, tensor.rank, isDepthwise(name))(tensor)] as const]
    }
    const [torchName, full, depthwise] = BRANCHES[site.short]!
    const node = site.parameter.slice(0, -'.weight'.length)
    const key = `${prefix}${node}.${torchName}`
    if (!run.has(key)) return []
    return [[name, (isDepthwise(name) ? depthwise : full)(run.tensor(key))] as const]
  })
  return Object.fromEntries(entries)
}

/** Largest absolute difference between records, over the names of `expected`. */
export function largestGap(actual: TensorRecord, expected: TensorRecord): number {
  return Math.max(
    ...Object.entries(expected).map(([name, tensor]) => {
      if (!actual[name]) throw new Error(`no '${name}' to compare`)
      tf.util.assertShapesMatch(actual[name].shape, tensor.shape, `${name}: `)
      return tf.tidy(() => tf.max(tf.abs(tf.sub(actual[name]!, tensor))).dataSync()[0]!)
    }),
  )
}
