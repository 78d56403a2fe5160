import { pairOf, type Conv2dAttributes, type Window } from '@gpdjs/core'
import type { EmittedNode, Emitter, HostTensor } from '../emitter.ts'
import { windowAttributes } from './window.ts'

/** `[kh, kw, in, out]` → `[out, in, kh, kw]` */
function outputsFirst({ shape, data }: HostTensor): HostTensor {
  const [height, width, depth, filters] = shape as [number, number, number, number]
  const turned = new Float32Array(data.length)
  let position = 0
  for (let out = 0; out < filters; out++)
    for (let channel = 0; channel < depth; channel++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) turned[position++] = data[((y * width + x) * depth + channel) * filters + out]!
  return { shape: [filters, depth, height, width], data: turned }
}

function convolve(node: EmittedNode, kernel: HostTensor, group: number): string {
  const weight = node.graph.constant(`${node.id}.weight`, outputsFirst(kernel))
  const bias = node.attributes['useBias'] === true ? [node.parameter('bias')] : []
  const dilations = [...pairOf((node.attributes as unknown as Window).dilation ?? 1)]
  return node.emit('Conv', [node.input, weight, ...bias], { ...windowAttributes(node), group, dilations })
}

export const convolution: Emitter = (node) => {
  const { groups } = node.attributes as unknown as Conv2dAttributes
  return convolve(node, node.tensor('weight'), groups)
}

/** As many groups as channels; `[kh, kw, channels, 1]` is read as `[kh, kw, 1, channels]`, the same numbers in the same order. */
export const depthwiseConvolution: Emitter = (node) => {
  const { shape, data } = node.tensor('weight')
  const [height, width, channels] = shape as [number, number, number, number]
  return convolve(node, { shape: [height, width, 1, channels], data }, channels)
}

export const dense: Emitter = (node) => {
  const useBias = node.attributes['useBias'] === true
  const [weight, ...bias] = useBias ? [node.parameter('weight'), node.parameter('bias')] : [node.parameter('weight')]
  if (node.inputShape.length === 1) return node.emit('Gemm', [node.input, weight!, ...bias])
  return node.withChannelsLast((input) => {
    const rows = node.emit('MatMul', [input, weight!])
    return useBias ? node.emit('Add', [rows, ...bias]) : rows
  })
}
