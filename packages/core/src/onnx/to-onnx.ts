import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { IMAGE, type Network, type NetworkNode } from '../network/network.ts'
import { recordData, type TensorRecord } from '../tensor-ops/tensor-record.ts'
import { EmittedNode, OnnxGraph, type HostTensor } from './emitter.ts'
import { emitters } from './emitters/index.ts'
import { foldBatchNorm } from './fold-batch-norm.ts'
import { encodeModel } from './model-proto.ts'

export interface OnnxOptions {
  /** Name of the graph. Default: the network's. */
  readonly name?: string
  /** Version of the standard set of operators. 17 is the only one written; runtimes from 2022 on read it. */
  readonly opset?: 17
  /** Make batch normalizations part of the kernels before them: smaller and faster. Default true. */
  readonly foldBatchNorm?: boolean
  /** Layout of the input: `'nhwc'` (default), as everywhere in this project, or `'nchw'`, as most ONNX models have it. */
  readonly inputLayout?: 'nhwc' | 'nchw'
}

const LOGITS = 'logits'
/** What remains open: the number of images. */
const BATCH = 'N'

async function readTensors(record: TensorRecord): Promise<Record<string, HostTensor>> {
  const data = await recordData(record)
  return Object.fromEntries(
    Object.entries(record).map(([name, { shape }]) => [name, { shape, data: data[name] as Float32Array }]),
  )
}

/** Before anything is read or made. */
function checkOps({ nodes, inputShape }: Network): void {
  const node = nodes.find(({ op }) => !Object.hasOwn(emitters, op))
  if (node !== undefined) {
    throw new GpdError(
      'network.unknown-op',
      `toOnnx: node '${node.id}': the op '${node.op}' cannot be written in ONNX.`,
      `Use ops among: ${Object.keys(emitters).join(', ')}.`,
    )
  }
  if (inputShape.length !== 3) {
    throw new GpdError(
      'network.shape',
      `toOnnx: expected a network of images [height, width, channels], got [${inputShape.join(', ')}].`,
    )
  }
}

function emitNodes(
  network: Network,
  tensors: Readonly<Record<string, HostTensor>>,
  graph: OnnxGraph,
  image: string,
): void {
  const values = new Map<string, string>([[IMAGE, image]])
  const emit = (node: NetworkNode) => {
    const inputs = node.inputs.map((id) => values.get(id)!)
    return emitters[node.op]!(
      new EmittedNode(graph, node, inputs, network.shapes[node.inputs[0]!]!, network.shapes[node.id]!, tensors),
    )
  }
  for (const node of network.nodes) values.set(node.id, emit(node))
  graph.nodes.push({ type: 'Identity', inputs: [values.get(network.output)!], output: LOGITS, attributes: {} })
}

function encode(
  network: Network,
  tensors: Readonly<Record<string, HostTensor>>,
  { name, opset = 17, inputLayout = 'nhwc' }: OnnxOptions,
): Uint8Array {
  const graph = new OnnxGraph()
  graph.fresh(LOGITS)
  const input = graph.fresh(IMAGE)
  const [height, width, channels] = network.inputShape as [number, number, number]
  const channelsLast = inputLayout === 'nhwc'
  const image = channelsLast ? graph.node(`${IMAGE}/nchw`, 'Transpose', [input], { perm: [0, 3, 1, 2] }) : input
  emitNodes(network, tensors, graph, image)
  return encodeModel({
    name: name ?? network.name,
    opset,
    nodes: graph.nodes,
    tensors: graph.tensors,
    input: { name: input, shape: channelsLast ? [BATCH, height, width, channels] : [BATCH, channels, height, width] },
    output: { name: LOGITS, shape: [BATCH, network.classes] },
  })
}

/**
 * A network as an ONNX file, for runtimes everywhere else. It computes what `apply` computes in evaluation mode: `image`
 * goes in, `logits` `[N, classes]` come out, and the number of images is open.
 *
 * @param network with images `[height, width, channels]` as input
 * @returns the bytes of an `.onnx` file
 * @throws GpdError `network.unknown-op` naming a node whose op has no ONNX form; `network.invalid` if a tensor is missing;
 * `config.invalid` for another opset
 * @example await writeFile('student.onnx', await toOnnx(student.network, student.parameters, student.statistics))
 * @see https://onnx.ai/onnx/operators/
 */
export async function toOnnx(
  network: Network,
  parameters: TensorRecord,
  statistics: TensorRecord,
  options: OnnxOptions = {},
): Promise<Uint8Array> {
  const { opset = 17, foldBatchNorm: folds = true } = options
  if (opset !== 17) throw new GpdError('config.invalid', `toOnnx: opset: expected 17, got ${String(opset)}.`)
  checkOps(network)
  if (!folds) return encode(network, await readTensors({ ...parameters, ...statistics }), options)
  const folded = foldBatchNorm(network, parameters, statistics)
  try {
    return encode(folded.network, await readTensors({ ...folded.parameters, ...folded.statistics }), options)
  } finally {
    tf.dispose([folded.parameters, folded.statistics])
  }
}
