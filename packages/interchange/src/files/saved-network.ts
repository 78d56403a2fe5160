import * as tf from '@tensorflow/tfjs'
import {
  checkModel,
  GpdError,
  networkDefinition,
  parseNetwork,
  recordData,
  type Model,
  type Network,
  type TensorRecord,
} from '@gpdjs/core'
import { encodeSafetensors } from '../safetensors/encode.ts'
import type { SafeTensor } from '../safetensors/element-types.ts'
import { decodeSafetensors } from '../safetensors/decode.ts'
import { readFileOf, writeFolder } from './atomic-folder.ts'

const DEFINITION = 'network.json'
const WEIGHTS = 'weights.safetensors'

/** Tensors as `encodeSafetensors` takes them. */
export async function encodable(
  record: TensorRecord,
): Promise<Record<string, { shape: number[]; data: Float32Array }>> {
  const data = await recordData(record)
  return Object.fromEntries(
    Object.entries(record).map(([name, { shape }]) => [name, { shape, data: data[name] as Float32Array }]),
  )
}

/**
 * Saves a network by itself: `network.json` (its definition) and `weights.safetensors` (parameters and statistics), all
 * or nothing.
 *
 * @param metadata free text kept in the weight file: dataset, accuracy, version
 * @throws GpdError `output.unwritable`
 */
export async function saveNetwork(
  folder: string,
  trained: Model,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  checkModel('saveNetwork', trained)
  const tensors = await encodable({ ...trained.parameters, ...trained.statistics })
  await writeFolder(folder, {
    [DEFINITION]: `${JSON.stringify(networkDefinition(trained.network), null, 1)}\n`,
    [WEIGHTS]: encodeSafetensors(tensors, { ...metadata }),
  })
}

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new GpdError('checkpoint.corrupt', `${source}: expected JSON, ${(error as Error).message}.`)
  }
}

type TensorSpecs = readonly { readonly name: string; readonly shape: readonly number[] }[]

function checkTensors(
  found: ReadonlyMap<string, SafeTensor>,
  specs: TensorSpecs,
  network: string,
  source: string,
): void {
  for (const { name, shape } of specs) {
    const tensor = found.get(name)
    if (tensor?.shape.join() === shape.join() && tensor.data instanceof Float32Array) continue
    const got = tensor ? `${tensor.dtype} [${tensor.shape.join(', ')}]` : 'nothing'
    throw new GpdError(
      'checkpoint.incompatible',
      `${source}: expected '${name}' as F32 [${shape.join(', ')}], got ${got}.`,
    )
  }
  const known = new Set(specs.map(({ name }) => name))
  const unexpected = [...found.keys()].find((name) => !known.has(name))
  if (unexpected !== undefined)
    throw new GpdError('checkpoint.incompatible', `${source}: '${unexpected}' belongs to no layer of '${network}'.`)
}

const tensorsOf = (found: ReadonlyMap<string, SafeTensor>, specs: TensorSpecs): Record<string, tf.Tensor> =>
  Object.fromEntries(
    specs.map(({ name, shape }) => [name, tf.tensor(found.get(name)!.data as Float32Array, [...shape])]),
  )

/**
 * Loads what `saveNetwork` saved. Everything is checked before the first tensor is made.
 *
 * @returns the caller owns the tensors
 * @throws GpdError `checkpoint.missing`, `checkpoint.corrupt`, `checkpoint.incompatible`
 */
export async function loadNetwork(
  folder: string,
): Promise<Model & { readonly metadata: Readonly<Record<string, string>> }> {
  const network: Network = parseNetwork(
    parseJson(await readFileOf(folder, DEFINITION), `${folder}/${DEFINITION}`),
    `${folder}/${DEFINITION}`,
  )
  const source = `${folder}/${WEIGHTS}`
  const { tensors, metadata } = decodeSafetensors(await readFileOf(folder, WEIGHTS), { source })
  checkTensors(tensors, [...network.parameters, ...network.statistics], network.name, source)
  return {
    network,
    parameters: tensorsOf(tensors, network.parameters),
    statistics: tensorsOf(tensors, network.statistics),
    metadata,
  }
}
