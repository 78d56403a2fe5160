import * as tf from '@tensorflow/tfjs'
import type { CpuBackend } from '../cpu/cpu-backend.ts'
import { wasmKernel, type WasmCall, type WasmKernel } from './kernel.ts'
import type { WasmBackend } from './wasm-backend.ts'

/** The cpu backend, which comes with TensorFlow.js. */
function cpuBackend(): CpuBackend {
  const backend = tf.findBackend('cpu') as tf.KernelBackend & CpuBackend & { firstUse?: boolean }
  // At its first use in Node it prints a banner.
  backend.firstUse = false
  return backend
}

/** Copies the inputs to the cpu backend, runs its kernel, and copies the results back. */
function runOnCpu(name: string, { inputs, attrs, backend }: WasmCall<string, object>): tf.TensorInfo[] {
  const cpu = cpuBackend()
  const given = Object.entries(inputs as Readonly<Record<string, tf.TensorInfo | undefined>>)
  const copies = given.flatMap(([input, info]) => {
    if (info === undefined) return []
    const values = backend.typedArrayFromHeap(info).slice()
    return [[input, cpu.makeTensorInfo(info.shape, info.dtype, values)] as const]
  })
  const { kernelFunc } = tf.getKernel(name, 'cpu')
  const results = [
    kernelFunc({ inputs: Object.fromEntries(copies), attrs: attrs as tf.NamedAttrMap, backend: cpu }),
  ].flat()
  const outputs = results.map((result) => copyBack(cpu, result as tf.TensorInfo, backend))
  for (const { dataId } of [...copies.map(([, copy]) => copy), ...(results as tf.TensorInfo[])]) cpu.disposeData(dataId)
  return outputs
}

function copyBack(cpu: CpuBackend, result: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const out = backend.makeOutput([...result.shape], result.dtype)
  backend.typedArrayFromHeap(out).set(cpu.data.get(result.dataId).values)
  return out
}

/** @param isWrong calls for which the stock kernel is wrong; all of them by default */
const kernel = <Attributes extends object = object>(
  name: string,
  problem: string,
  isWrong: (attrs: Attributes, inputs: WasmCall<string, Attributes>['inputs']) => boolean = () => true,
): WasmKernel =>
  wasmKernel<string, Attributes>({
    name,
    defect: 'wrong',
    problem,
    create: (stock) => (call) => {
      if (!isWrong(call.attrs, call.inputs)) return stock!(call)
      const outputs = runOnCpu(name, call)
      return outputs.length === 1 ? outputs[0]! : outputs
    },
  })

interface Windowed {
  readonly strides: number | [number, number]
  readonly pad: unknown
}

/** Whether there are rows or columns that no window reads. */
function skipsInput({ strides, pad }: Windowed, { filter }: WasmCall<string, Windowed>['inputs']): boolean {
  const [down, across] = typeof strides === 'number' ? [strides, strides] : strides
  return pad === 'same' && (filter!.shape[0]! < down || filter!.shape[1]! < across)
}

const SKIPS = "returns zeros if the padding is 'same' and the stride larger than the filter"

const NEGATIVE = 'takes 1e-38 for the largest number of a window without a positive one'

const batches = kernel<{ batchDims: number }>(
  'GatherV2',
  'is silently wrong for batches',
  ({ batchDims }) => batchDims > 0,
)

/** The stock kernel computes with the number of batch axes, given or not. */
const gather: WasmKernel = {
  ...batches,
  create: (stock, backendName) => {
    const run = batches.create(stock, backendName)
    return (call) => run({ ...call, attrs: { batchDims: 0, ...call.attrs } })
  },
}

/** Kernels that are wrong and rarely used: the cpu backend computes them. */
export const kernelsViaCpu: readonly WasmKernel[] = [
  kernel('MaxPool3D', NEGATIVE),
  kernel('MaxPool3DGrad', NEGATIVE),
  kernel('MaxPoolWithArgmax', NEGATIVE),
  kernel('Conv3DBackpropInputV2', 'is silently wrong for any depth or stride above one'),
  kernel('Conv3DBackpropFilterV2', 'is silently wrong for any stride above one'),
  gather,
  kernel('DepthwiseConv2dNative', SKIPS, skipsInput),
  kernel('FusedDepthwiseConv2D', SKIPS, skipsInput),
  kernel('StridedSlice', 'writes float32 whatever the type of its input'),
]
