import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  kinds,
  needed,
  parseJson,
  parseNetwork,
  sizeOf,
  type Given,
  type Model,
  type Network,
  type TensorRecord,
} from '@gpdjs/core'
import { decodeModel, type DecodedModel, type OnnxFloats } from './decode-model.ts'
import { NoMessage } from './read-protobuf.ts'
import { DEFINITION, LAYOUT, toOnnx } from './to-onnx.ts'

const OPTIONS = {
  /** What to call the file in messages, usually its path. */
  source: needed(kinds.text),
}

export type FromOnnxOptions = Given<typeof OPTIONS>

const OURS = 'Only files that toOnnx or gpd extract wrote can be read.'

function decode(bytes: Uint8Array, source: string): DecodedModel {
  try {
    return decodeModel(bytes)
  } catch (error) {
    if (!(error instanceof NoMessage)) throw error
    throw new GpdError('checkpoint.corrupt', `${source}: expected an ONNX file, but ${error.message}.`, OURS)
  }
}

function definitionOf({ metadata }: DecodedModel, source: string): Network {
  const text = metadata[DEFINITION]
  if (text === undefined) {
    const problem = `${source}: expected the definition of its network in the metadata '${DEFINITION}', found none.`
    throw new GpdError('checkpoint.incompatible', problem, `${OURS} Evaluate others with an ONNX runtime.`)
  }
  const definition = (): unknown => {
    try {
      return parseJson(text)
    } catch {
      return undefined
    }
  }
  return parseNetwork(definition(), `${source}: metadata '${DEFINITION}'`)
}

/** Kernels have four axes, which ONNX has the other way round: `[out, in, height, width]`. Everything else is as it was. */
function tensorOf({ shape, data }: OnnxFloats, wanted: readonly number[]): tf.Tensor {
  if (wanted.length !== 4) return tf.tensor(data, [...wanted])
  return tf.tidy(() => tf.reshape(tf.transpose(tf.tensor(data, [...shape]), [2, 3, 1, 0]), [...wanted]))
}

function tensorsOf(decoded: DecodedModel, specs: Network['parameters'] | Network['statistics'], source: string) {
  const read = ({ name, shape }: (typeof specs)[number]) => {
    const found = decoded.tensors.get(name)
    if (found?.data.length === sizeOf(shape) && (shape.length !== 4 || found.shape.length === 4)) return found
    const got = found ? `[${found.shape.join(', ')}]` : 'nothing'
    throw new GpdError(
      'checkpoint.incompatible',
      `${source}: expected '${name}' [${shape.join(', ')}], got ${got}.`,
      OURS,
    )
  }
  // Everything is looked at before the first tensor is made.
  const found = specs.map((spec) => ({ spec, values: read(spec) }))
  return (): TensorRecord =>
    Object.fromEntries(found.map(({ spec: { name, shape }, values }) => [name, tensorOf(values, shape)]))
}

/**
 * Reads back an ONNX file that `toOnnx` wrote: network and tensors, as they are in the file. What was read is written once
 * more and must come to the same bytes, so that the model computes what the nodes of the file compute. Files that were changed
 * since (optimized, quantized) are refused, and so are those of other programs.
 *
 * @param bytes of an `.onnx` file
 * @returns the model, with the metadata of the file; the caller owns the tensors
 * @throws GpdError `checkpoint.corrupt` if it is no ONNX file, `checkpoint.incompatible` if it is not one of `toOnnx`
 * @example const { metadata, ...student } = await fromOnnx(await readFile('model.onnx'), { source: 'model.onnx' })
 */
export async function fromOnnx(
  bytes: Uint8Array,
  options: FromOnnxOptions,
): Promise<Model & { readonly metadata: Readonly<Record<string, string>> }> {
  const { source } = fillOptions('fromOnnx', OPTIONS, options)
  const decoded = decode(bytes, source)
  const network = definitionOf(decoded, source)
  const makers = [network.parameters, network.statistics].map((specs) => tensorsOf(decoded, specs, source))
  const [parameters, statistics] = makers.map((make) => make()) as [TensorRecord, TensorRecord]
  const { [DEFINITION]: _, [LAYOUT]: inputLayout, ...metadata } = decoded.metadata
  const model = { network, parameters, statistics }
  const again = await toOnnx(model, {
    name: decoded.name,
    inputLayout: inputLayout === 'nchw' ? 'nchw' : 'nhwc',
    foldBatchNorm: false,
    metadata,
  })
  if (again.length === bytes.length && again.every((byte, i) => byte === bytes[i])) return { ...model, metadata }
  tf.dispose([parameters, statistics])
  const problem = `${source}: expected the nodes of the network in its metadata, found others: it was changed after it was written.`
  throw new GpdError('checkpoint.incompatible', problem, 'Extract it anew, or evaluate it with an ONNX runtime.')
}
