import * as tf from '@tensorflow/tfjs'
import {
  checkModel,
  describeField,
  fillOptions,
  foldBatchNorm,
  GpdError,
  kinds,
  networkDefinition,
  option,
  optional,
  recordData,
  soleInput,
  soleOutput,
  type Filled,
  type Given,
  type Model,
  type Network,
  type NetworkNode,
  type Shape,
  type TensorRecord,
} from '@gpdjs/core'
import { EmittedNode, OnnxGraph, type HostTensor, type Emitter } from './emitter.ts'
import * as byOp from './emitters/index.ts'
import { encodeModel } from './model-proto.ts'

const emitters: Readonly<Record<string, Emitter>> = byOp

const OPTIONS = {
  /** Name of the graph (default: the network's). */
  name: optional(kinds.text),
  /** Version of the standard set of operators. 17 is the only one written; runtimes from 2022 on read it (default 17). */
  opset: option(kinds.oneOf(17), 17),
  /** Make batch normalizations part of the kernels before them: smaller and faster (default true). */
  foldBatchNorm: option(kinds.flag, true),
  /** Layout of the input: as everywhere in this project, or `'nchw'`, as most ONNX models have it (default `'nhwc'`). */
  inputLayout: option(kinds.oneOf('nhwc', 'nchw'), 'nhwc'),
  /** Texts that are kept in the file (its metadata_props), by their keys: what pixels it takes, names of classes (default: none). */
  metadata: option(kinds.recordOf(kinds.text), {}),
}

export type OnnxOptions = Given<typeof OPTIONS>

/** Metadata that every file has: the layout of its input, and the network that it holds, for `fromOnnx`. */
export const LAYOUT = 'input-layout'
export const DEFINITION = 'gpd-network'

/** What remains open: the number of images. */
const BATCH = 'N'

async function readTensors(record: TensorRecord): Promise<Record<string, HostTensor>> {
  const data = await recordData(record)
  return Object.fromEntries(
    Object.entries(record).map(([name, { shape }]) => [name, { shape, data: data[name] as Float32Array }]),
  )
}

/** What goes in and comes out. */
interface Ends {
  readonly image: { readonly name: string; readonly shape: Shape }
  readonly scores: { readonly name: string; readonly node: string; readonly shape: Shape }
}

/** Before anything is read or made. */
function checkEnds(network: Network): Ends {
  const node = network.nodes.find(({ op }) => !Object.hasOwn(emitters, op))
  if (node !== undefined) {
    throw new GpdError(
      'network.unknown-op',
      `toOnnx: node '${node.id}': the op '${node.op}' cannot be written in ONNX.`,
      `Use ops among: ${Object.keys(emitters).join(', ')}.`,
    )
  }
  const [input, spec] = soleInput(network, 'toOnnx')
  const [output, last] = soleOutput(network, 'toOnnx')
  const shape = network.shapes[last]!
  if (spec.dtype !== 'float32' || spec.shape.length !== 3 || shape.length !== 1) {
    throw new GpdError(
      'network.shape',
      `toOnnx: expected a network of images float32 [batch, height, width, channels] with scores [batch, classes], got ${describeField(spec)} and [${['batch', ...shape].join(', ')}].`,
    )
  }
  return { image: { name: input, shape: spec.shape }, scores: { name: output, node: last, shape } }
}

function emitNodes(
  network: Network,
  tensors: Readonly<Record<string, HostTensor>>,
  graph: OnnxGraph,
  values: Map<string, string>,
): void {
  const emit = (node: NetworkNode) => {
    const inputs = node.inputs.map((id) => values.get(id)!)
    return emitters[node.op]!(
      new EmittedNode(graph, node, inputs, network.shapes[node.inputs[0]!]!, network.shapes[node.id]!, tensors),
    )
  }
  for (const node of network.nodes) values.set(node.id, emit(node))
}

function encode(
  network: Network,
  tensors: Readonly<Record<string, HostTensor>>,
  { image, scores }: Ends,
  { name, opset, inputLayout, metadata }: Filled<typeof OPTIONS>,
): Uint8Array {
  const graph = new OnnxGraph()
  graph.fresh(scores.name)
  const input = graph.fresh(image.name)
  const [height, width, channels] = image.shape as [number, number, number]
  const channelsLast = inputLayout === 'nhwc'
  const first = channelsLast ? graph.node(`${input}/nchw`, 'Transpose', [input], { perm: [0, 3, 1, 2] }) : input
  const values = new Map([[image.name, first]])
  emitNodes(network, tensors, graph, values)
  graph.nodes.push({ type: 'Identity', inputs: [values.get(scores.node)!], output: scores.name, attributes: {} })
  return encodeModel({
    name: name ?? network.name,
    opset,
    nodes: graph.nodes,
    tensors: graph.tensors,
    input: { name: input, shape: channelsLast ? [BATCH, height, width, channels] : [BATCH, channels, height, width] },
    output: { name: scores.name, shape: [BATCH, ...scores.shape] },
    metadata: { ...metadata, [LAYOUT]: inputLayout, [DEFINITION]: JSON.stringify(networkDefinition(network)) },
  })
}

/**
 * A model as an ONNX file, for runtimes everywhere else. It computes what `predict` computes: images go in, scores
 * `[N, classes]` come out, and the number of images is open. Names are those of the network's input and output. Images are
 * those that the model takes: `withNormalization` makes it take pixels. The file also holds the network's definition, so that
 * `fromOnnx` can read it back.
 *
 * @param model one float32 input `[height, width, channels]`, one output `[classes]`
 * @returns the bytes of an `.onnx` file
 * @throws GpdError `network.unknown-op` naming a node whose op has no ONNX form; `network.shape` for other inputs and
 * outputs; `network.invalid` if there are several or a tensor is missing; `config.*` for options, such as another opset
 * @example await writeFile('student.onnx', await toOnnx(student))
 * @see https://onnx.ai/onnx/operators/
 */
export async function toOnnx(model: Model, options: OnnxOptions = {}): Promise<Uint8Array> {
  const filled = fillOptions('toOnnx', OPTIONS, options)
  checkModel('toOnnx', model)
  const ends = checkEnds(model.network)
  const tensorsOf = ({ parameters, statistics }: Model) => readTensors({ ...parameters, ...statistics })
  if (!filled.foldBatchNorm) return encode(model.network, await tensorsOf(model), ends, filled)
  const folded = foldBatchNorm(model)
  try {
    // The last node may be a norm that has become part of the one before.
    return encode(folded.network, await tensorsOf(folded), checkEnds(folded.network), filled)
  } finally {
    tf.dispose([folded.parameters, folded.statistics])
  }
}
