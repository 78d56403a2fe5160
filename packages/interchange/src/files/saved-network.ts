import * as tf from '@tensorflow/tfjs'
import { checkModel, GpdError, networkDefinition, parseNetwork, type Model, type TensorRecord } from '@gpdjs/core'
import { decodeSafetensors } from '../safetensors/decode.ts'
import { readSealed, writeSealed, type FolderFormat } from './sealed-folder.ts'
import { encodeTensors } from './tensor-files.ts'

const WEIGHTS = 'weights.safetensors'

const NETWORK: FolderFormat = {
  name: 'a saved network (saveNetwork)',
  index: 'network.json',
  data: [WEIGHTS],
  isIndex: ({ name, nodes }) => typeof name === 'string' && Array.isArray(nodes),
}

interface Found {
  readonly shape: readonly number[]
  readonly dtype: string
}

const shown = ({ dtype, shape }: Found) => `${dtype} [${shape.join(', ')}]`

/** Tensors must be those of the network: each, and no other. */
function checkTensors(found: ReadonlyMap<string, Found>, { network }: Pick<Model, 'network'>, source: string): void {
  const specs = [...network.parameters, ...network.statistics]
  for (const { name, shape } of specs) {
    const [tensor, expected] = [found.get(name), { dtype: 'F32', shape }]
    if (tensor && shown(tensor) === shown(expected)) continue
    const problem = `${source}: expected '${name}' as ${shown(expected)}, got ${tensor ? shown(tensor) : 'nothing'}.`
    throw new GpdError('checkpoint.incompatible', problem)
  }
  const known = new Set(specs.map(({ name }) => name))
  const unexpected = [...found.keys()].find((name) => !known.has(name))
  if (unexpected === undefined) return
  const problem = `${source}: '${unexpected}' belongs to no layer of '${network.name}'.`
  throw new GpdError('checkpoint.incompatible', problem)
}

const asSaved = (record: TensorRecord): [string, Found][] =>
  Object.entries(record).map(([name, { shape, dtype }]) => [
    name,
    { shape, dtype: dtype === 'float32' ? 'F32' : dtype },
  ])

/**
 * Saves a network by itself: `network.json` (its definition, and the digests of both files) and `weights.safetensors`
 * (parameters and statistics), all or nothing. Other files of the folder stay.
 *
 * @param metadata free text kept in the weight file: dataset, accuracy, version
 * @throws GpdError `output.unwritable`, also where files of these names are there that belong to something else;
 *   `checkpoint.incompatible` if tensors are not those of the network
 * @example await saveNetwork('runs/1/student', run.student, { accuracy: '0.93' })
 */
export async function saveNetwork(
  folder: string,
  trained: Model,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  checkModel('saveNetwork', trained)
  const { network, parameters, statistics } = trained
  checkTensors(new Map([...asSaved(parameters), ...asSaved(statistics)]), trained, 'saveNetwork')
  const weights = await encodeTensors({ ...parameters, ...statistics }, { ...metadata })
  await writeSealed(folder, NETWORK, { ...networkDefinition(network) }, { [WEIGHTS]: weights })
}

/**
 * Loads what `saveNetwork` saved. Everything is checked before the first tensor is made; networks that were saved before
 * there were digests are loaded without that check.
 *
 * @returns the caller owns the tensors
 * @throws GpdError `checkpoint.missing`, `checkpoint.corrupt`, also for one changed bit, `checkpoint.incompatible`
 */
export async function loadNetwork(
  folder: string,
): Promise<Model & { readonly metadata: Readonly<Record<string, string>> }> {
  const source = `${folder}/${WEIGHTS}`
  return readSealed(folder, NETWORK, async ({ json, read }) => {
    const network = parseNetwork(json, `${folder}/${NETWORK.index}`)
    const { tensors, metadata } = decodeSafetensors(await read(WEIGHTS), { source })
    checkTensors(tensors, { network }, source)
    const tensorsOf = (specs: typeof network.parameters | typeof network.statistics) =>
      Object.fromEntries(
        specs.map(({ name, shape }) => [name, tf.tensor(tensors.get(name)!.data as Float32Array, [...shape])]),
      )
    return { network, parameters: tensorsOf(network.parameters), statistics: tensorsOf(network.statistics), metadata }
  })
}
