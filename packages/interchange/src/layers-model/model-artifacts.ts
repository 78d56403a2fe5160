import type * as tf from '@tensorflow/tfjs'
import {
  bytesOf,
  fillOptions,
  GpdError,
  isRecord,
  kinds,
  needed,
  option,
  parseJson,
  sizeOf,
  type Bytes,
  type Filled,
  type Given,
} from '@gpdjs/core'
import { checkLayers, type Refuse } from './check-layers.ts'
import { kerasTopology } from './keras-topology.ts'
import { leavingNothing, rehearse } from './rehearsal.ts'
import { checkWiring, quoted } from './topology.ts'
import { weightNames } from './weight-names.ts'

/** One tensor as a `model.json` lists it. */
interface WeightEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32' | 'bool'
  readonly quantization?: { readonly dtype: 'uint8' | 'uint16' | 'float16' }
}

interface WeightGroup {
  readonly paths: readonly string[]
  readonly weights: readonly WeightEntry[]
}

/** What happens with messages about weights. */
export const WARNING_OPTIONS = {
  /** Called with a message about what is allowed: numbers that are not finite, regularizers not read (default: `console.warn`). */
  onWarning: option(kinds.functionOf<(message: string) => void>(), (message) => console.warn(message)),
}

const OPTIONS = {
  /** What to call `model.json` in messages, usually its path. */
  source: needed(kinds.text),
  /** Reads a file of weights by its name; it is in the folder of `model.json`. */
  read: needed(kinds.functionOf<(name: string) => Promise<Bytes>>()),
  ...WARNING_OPTIONS,
}

export type ReadModelOptions = Given<typeof OPTIONS>

type FilledReadModelOptions = Filled<typeof OPTIONS>

const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 }
const STORED = ['float32', 'int32', 'bool']
const QUANTIZED = ['uint8', 'uint16', 'float16']

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** A name in the folder itself: no other folder, drive or address. */
function checkPath(path: unknown, refuse: Refuse): string {
  const plain = typeof path === 'string' && /^[^/\\:\0]+$/.test(path) && path !== '.' && path !== '..'
  if (!plain) throw refuse('names of files beside it in weightsManifest', quoted(path))
  return path
}

function checkWeight(value: unknown, refuse: Refuse): WeightEntry {
  const { name, shape, dtype, quantization } = isRecord(value) ? value : {}
  if (typeof name !== 'string' || name === '__proto__') throw refuse('weights with a name', quoted(name))
  if (!Array.isArray(shape) || !shape.every(isSize)) throw refuse(`sizes as shape of '${name}'`, quoted(shape))
  if (!STORED.includes(dtype as string)) throw refuse(`${STORED.join(', ')} as dtype of '${name}'`, quoted(dtype))
  if (quantization !== undefined && !(isRecord(quantization) && QUANTIZED.includes(quantization['dtype'] as string)))
    throw refuse(`'${name}' quantized to ${QUANTIZED.join(', ')}`, quoted(quantization))
  const isHalf = isRecord(quantization) && quantization['dtype'] === 'float16'
  if (quantization !== undefined && (dtype === 'bool' || (isHalf && dtype !== 'float32')))
    throw refuse(`numbers as '${name}' where it is quantized`, quoted(dtype))
  if (isRecord(quantization) && !isHalf && !['min', 'scale'].every((key) => Number.isFinite(quantization[key])))
    throw refuse(`numbers as min and scale of '${name}'`, quoted(quantization))
  return value as WeightEntry
}

function checkManifest(manifest: unknown, refuse: Refuse): readonly WeightGroup[] {
  if (!Array.isArray(manifest)) throw refuse('a list as weightsManifest', quoted(manifest))
  const groups = manifest.map((group: unknown) => {
    const { paths, weights } = isRecord(group) ? group : {}
    if (!Array.isArray(paths) || !Array.isArray(weights))
      throw refuse('paths and weights in weightsManifest', quoted(group))
    return {
      paths: paths.map((path: unknown) => checkPath(path, refuse)),
      weights: weights.map((weight: unknown) => checkWeight(weight, refuse)),
    }
  })
  const twice = (names: readonly string[]) => names.find((name, i) => names.indexOf(name) < i)
  const weight = twice(groups.flatMap(({ weights }) => weights.map(({ name }) => name)))
  if (weight !== undefined) throw refuse('each weight once', `'${weight}' twice`)
  const path = twice(groups.flatMap(({ paths }) => paths))
  if (path !== undefined) throw refuse('each file of weights once', `'${path}' twice`)
  return groups
}

const byteSize = ({ shape, dtype, quantization }: WeightEntry): number =>
  sizeOf(shape) * BYTES[quantization?.dtype ?? dtype]!

/** A part that is alone, and all of its buffer, is not copied. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const [only, ...others] = parts
  if (only !== undefined && others.length === 0 && only.buffer instanceof ArrayBuffer)
    if (only.byteLength === only.buffer.byteLength) return only as Uint8Array<ArrayBuffer>
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  parts.reduce((offset, part) => {
    bytes.set(part, offset)
    return offset + part.length
  }, 0)
  return bytes
}

/** The bytes of a group, as many as its weights take. */
async function readGroup({ paths, weights }: WeightGroup, options: FilledReadModelOptions, refuse: Refuse) {
  const files = await Promise.all(paths.map((path) => options.read(path)))
  const bytes = joined(files.map((file, i) => bytesOf(`readModelArtifacts: ${paths[i]}`, file)))
  const wanted = weights.reduce((sum, weight) => sum + byteSize(weight), 0)
  if (bytes.length === wanted) return bytes
  throw refuse(`${wanted} bytes of weights in ${paths.join(', ')}`, `${bytes.length}`)
}

/** Warns of weights with numbers that are not finite. They are legal, but make all results of the network not finite. */
function warnOfNonFinite(weights: readonly WeightEntry[], bytes: Uint8Array, options: FilledReadModelOptions): void {
  const { source, onWarning } = options
  let offset = 0
  for (const weight of weights) {
    const size = byteSize(weight)
    const isFloat = weight.dtype === 'float32' && weight.quantization === undefined
    if (isFloat && !new Float32Array(bytes.slice(offset, offset + size).buffer).every(Number.isFinite))
      onWarning(`${source}: '${weight.name}' holds numbers that are not finite.`)
    offset += size
  }
}

function parse(text: string, refuse: Refuse): Readonly<Record<string, unknown>> {
  try {
    const json = parseJson(text)
    if (isRecord(json)) return json
  } catch (error) {
    throw refuse('JSON', (error as Error).message)
  }
  throw refuse('a JSON object', text.slice(0, 40))
}

/**
 * Reads a `model.json` of `tf.layers` and its weights, which may come from anywhere: TensorFlow.js itself follows whatever
 * paths the file names and accepts bytes too many, names twice and numbers that are none. Everything is checked before
 * memory is taken for a weight. Files of Keras 3 are read as well, and Keras' Normalization. What a layer has in the file and
 * TensorFlow.js passes over, such as `groups`, is refused.
 *
 * @param text the contents of `model.json`
 * @returns for `tf.loadLayersModel(tf.io.fromMemory(artifacts))`
 * @throws GpdError `checkpoint.corrupt` naming what is wrong: a path out of the folder, a missing file, bytes missing or
 *   left over, a weight twice, a layer of an unknown class, with an entry that TensorFlow.js does not read, or one that reads what is
 *   never there; whatever TensorFlow.js itself has against building the model; what `read` throws; `config.*` for options
 * @example
 * const read = async (name: string) => readFile(join(folder, name))
 * const model = await tf.loadLayersModel(tf.io.fromMemory(await readModelArtifacts(text, { source: folder, read })))
 */
export async function readModelArtifacts(text: string, given: ReadModelOptions): Promise<tf.io.ModelArtifacts> {
  const options = fillOptions('readModelArtifacts', OPTIONS, given)
  const refuse: Refuse = (expected, found) =>
    new GpdError('checkpoint.corrupt', `${options.source}: expected ${expected}, found ${found}.`)
  const json = parse(text, refuse)
  const { modelTopology, weightsManifest, format } = json
  if (format === 'graph-model') throw refuse('a layers-model', 'a graph-model, which is no tf.LayersModel')
  if (!isRecord(modelTopology)) throw refuse('an object as modelTopology', quoted(modelTopology))
  const topology = kerasTopology(modelTopology)
  leavingNothing(() => checkLayers(topology, options, refuse))
  checkWiring(topology, refuse)
  const groups = checkManifest(weightsManifest, refuse)
  const parts: Uint8Array[] = []
  for (const group of groups) {
    const bytes = await readGroup(group, options, refuse)
    warnOfNonFinite(group.weights, bytes, options)
    parts.push(bytes)
  }
  const named = weightNames(topology)
  const specs = groups.flatMap(({ weights }) => weights.map((weight) => ({ ...weight, name: named(weight.name) })))
  // All but where the weights were: training configuration, signatures, metadata, and whatever else it has.
  const { weightsManifest: _, ...rest } = json
  const artifacts: tf.io.ModelArtifacts = {
    ...rest,
    modelTopology: topology as tf.io.ModelArtifacts['modelTopology'] & object,
    weightSpecs: specs as unknown as tf.io.WeightsManifestEntry[],
    weightData: joined(parts).buffer,
  }
  await rehearse(artifacts, options.source, refuse)
  return artifacts
}
