/**
 * What a training step is made of, on one backend: convolutions forward and backward, products with transposes, batch
 * normalization, elementwise operations. Medians of interleaved rounds, so that a busy machine slows all rows alike.
 *
 * Run: node --conditions=@gpdjs/source --import tsx benchmarks/kernels.mjs [wasm|cpu|tensorflow] [rounds]
 */
import tf from '@tensorflow/tfjs'
import { tensorOps, useBackend } from '@gpdjs/core'

const { batchNorm, biasAdd, channelSum, globalAveragePool, relu } = tensorOps
const [backend = 'wasm', rounds = '15'] = process.argv.slice(2)
const report = await useBackend(backend)
const random = (...shape) => tf.randomNormal(shape)

/** Runs every function of a group in turn, `rounds` times, and prints medians in ms beside the first one's. */
async function compare(title, functions, flops) {
  const entries = Object.entries(functions)
  const times = new Map(entries.map(([name]) => [name, []]))
  for (let round = -2; round < Number(rounds); round++) {
    for (const [name, f] of entries) {
      const start = performance.now()
      const y = tf.tidy(f)
      if (backend === 'tensorflow') await [y].flat()[0].data()
      if (round >= 0) times.get(name).push(performance.now() - start)
      tf.dispose(y)
    }
  }
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]
  const medians = entries.map(([name]) => [name, median(times.get(name))])
  console.log(`\n${title}`)
  for (const [name, ms] of medians) {
    const rate = flops === undefined ? '' : `${(flops / ms / 1e6).toFixed(1).padStart(7)} GFLOP/s`
    console.log(
      `  ${name.padEnd(40)} ${ms.toFixed(3).padStart(9)} ms  x${(ms / medians[0][1]).toFixed(2).padStart(6)} ${rate}`,
    )
  }
}

const run = (kernel, inputs, attrs) => tf.engine().runKernel(kernel, inputs, attrs)

// [batch, size, channels, filters, window, strides]
const convolutions = [
  [64, 32, 16, 16, 3, 1],
  [64, 16, 32, 32, 3, 1],
  [64, 8, 64, 64, 3, 1],
  [64, 32, 3, 16, 3, 1],
  [64, 32, 16, 32, 3, 2],
  [64, 16, 32, 64, 1, 2],
  [64, 16, 64, 64, 1, 1],
]

console.log(`${report.reason} (${report.version})`)
for (const [n, size, channels, filters, window, strides] of convolutions) {
  const out = Math.ceil(size / strides)
  const [x, w, dy] = [
    random(n, size, size, channels),
    random(window, window, channels, filters),
    random(n, out, out, filters),
  ]
  const shared = { strides: [strides, strides], pad: 'same', dataFormat: 'NHWC' }
  const functions = {
    forward: () => tf.conv2d(x, w, strides, 'same'),
    'gradient of the input': () => run('Conv2DBackpropInput', { dy, filter: w }, { ...shared, inputShape: x.shape }),
    'gradient of the filter': () => run('Conv2DBackpropFilter', { x, dy }, { ...shared, filterShape: w.shape }),
  }
  await compare(
    `conv2d ${n}x${size}x${size}x${channels} -> ${filters}, ${window}x${window}, stride ${strides}`,
    functions,
    2 * n * out * out * window * window * channels * filters,
  )
  tf.dispose([x, w, dy])
}

for (const [n, size, channels, strides] of [
  [64, 16, 64, 1],
  [64, 16, 64, 2],
]) {
  const out = Math.ceil(size / strides)
  const [x, w, dy] = [random(n, size, size, channels), random(3, 3, channels, 1), random(n, out, out, channels)]
  const shared = { strides: [strides, strides], pad: 'same', dilations: [1, 1] }
  const functions = {
    forward: () => tf.depthwiseConv2d(x, w, strides, 'same'),
    'gradient of the input': () =>
      run('DepthwiseConv2dNativeBackpropInput', { dy, filter: w }, { ...shared, inputShape: x.shape }),
    'gradient of the filter': () =>
      run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...shared, filterShape: w.shape }),
  }
  await compare(
    `depthwiseConv2d ${n}x${size}x${size}x${channels}, 3x3, stride ${strides}`,
    functions,
    2 * n * out * out * 9 * channels,
  )
  tf.dispose([x, w, dy])
}

for (const [m, k, n] of [
  [512, 512, 512],
  [64, 4096, 256],
  [4096, 64, 128],
  [16, 65536, 144],
]) {
  const [a, b, at, bt] = [random(m, k), random(k, n), random(k, m), random(n, k)]
  const functions = {
    'a b': () => tf.matMul(a, b),
    'aT b': () => tf.matMul(at, b, true, false),
    'a bT': () => tf.matMul(a, bt, false, true),
    'aT bT': () => tf.matMul(at, bt, true, true),
  }
  await compare(`matMul ${m}x${k} by ${k}x${n}`, functions, 2 * m * k * n)
  tf.dispose([a, b, at, bt])
}

{
  const [a, b, bt] = [random(128, 64, 32), random(128, 32, 64), random(128, 64, 32)]
  await compare(
    'batched matMul 128 times 64x32 by 32x64',
    {
      'a b': () => tf.matMul(a, b),
      'a bT': () => tf.matMul(a, bt, false, true),
      'aT b': () => tf.matMul(bt, a, true, false),
    },
    2 * 128 * 64 * 64 * 32,
  )
  tf.dispose([a, b, bt])
}

for (const [n, size, channels] of [
  [64, 32, 16],
  [64, 16, 32],
  [64, 8, 64],
]) {
  const [x, dy] = [random(n, size, size, channels), random(n, size, size, channels)]
  const [scale, shift] = [random(channels), random(channels)]
  const composed = (x, scale, shift) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2])
    return tf.relu(tf.batchNorm(x, mean, variance, shift, scale, 1e-5))
  }
  const ours = (x, scale, shift) => relu(batchNorm(x, scale, shift, 1e-5).y)
  const backward = (f) => () => tf.grads(f)([x, scale, shift], dy)
  await compare(`batch normalization and relu, ${n}x${size}x${size}x${channels}`, {
    'forward and backward': backward(ours),
    'forward and backward, core composition': backward(composed),
    forward: () => ours(x, scale, shift),
    'forward, core composition': () => composed(x, scale, shift),
  })
  await compare(`elementwise, ${n}x${size}x${size}x${channels}`, {
    'x · y': () => tf.mul(x, dy),
    'x · channel': () => tf.mul(x, scale),
    biasAdd: () => biasAdd(x, shift),
    channelSum: () => channelSum(x),
    'tf.sum over leading axes': () => tf.sum(x, [0, 1, 2]),
    relu: () => tf.relu(x),
    'relu forward and backward': () => tf.grad(relu)(x, dy),
    'tf.relu forward and backward': () => tf.grad(tf.relu)(x, dy),
    globalAveragePool: () => globalAveragePool(x),
    'globalAveragePool and gradient': () => tf.grad(globalAveragePool)(x),
    'tf.mean and gradient': () => tf.grad((x) => tf.mean(x, [1, 2]))(x),
    maxPool: () => tf.maxPool(x, 2, 2, 'same'),
    'maxPool and gradient': () => tf.grad((x) => tf.maxPool(x, 2, 2, 'same'))(x),
  })
  tf.dispose([x, dy, scale, shift])
}
