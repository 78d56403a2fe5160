import * as tf from '@tensorflow/tfjs'
import { GpdError, isRecord, show, sizeOf, type Network, type TensorRecord } from '@gpdjs/core'
import type { TorchLayout } from './layout.ts'
import { namedLayouts, type TorchOptions } from './named-layouts.ts'
import { isCounter, wrapperPrefix } from './prefix.ts'
import { toFloat32, typeOf, type TorchData } from './values.ts'

/** A tensor of a PyTorch state dict, row-major in PyTorch's layout, such as `decodeSafetensors` returns. */
export interface TorchTensor {
  readonly shape: readonly number[]
  readonly data: TorchData
}

export interface TorchLoad {
  readonly parameters: Record<string, tf.Tensor>
  readonly statistics: Record<string, tf.Tensor>
  /** Entries that the state dict lacks, under PyTorch's names. Not empty: the records above are incomplete. */
  readonly missing: readonly string[]
  /** Entries of the state dict that the network has no place for (`num_batches_tracked` and `n_averaged` excepted). */
  readonly unexpected: readonly string[]
  /** What was done to names and numbers: a prefix of all names that was left out, numbers that were rounded to float32. */
  readonly notes: readonly string[]
}

const shown = (shape: readonly number[]): string => `[${shape.join(', ')}]`

/** A 1×1 convolution `[out, in, 1, 1]` holds the numbers of a linear layer `[out, in]`: libraries differ in which it is. */
const withoutOnes = (shape: readonly number[]): readonly number[] =>
  shape.length > 2 && shape.at(-1) === 1 ? withoutOnes(shape.slice(0, -1)) : shape

/** What to do about a shape: where only the number of classes differs, that is what is wrong. */
function shapeAdvice(classes: readonly number[], found: readonly number[], wanted: readonly number[]): string {
  const sameButFirst = found.length === wanted.length && wanted.slice(1).join() === found.slice(1).join()
  if (!classes.includes(wanted[0]!) || !sameButFirst)
    return "Build the network with the checkpoint's depth, width and classes, or leave this entry out."
  return `The checkpoint has ${found[0]} classes, the network ${wanted[0]}: build it with classes ${found[0]}, or leave the last layer's entries out and train a new one.`
}

/** The values of an entry as float32, if it is what the network needs; `note` is told if that rounded them. */
function checkEntry(
  name: string,
  tensor: TorchTensor,
  wanted: readonly number[],
  classes: readonly number[],
  note: (text: string) => void,
): Float32Array {
  const { shape } = tensor
  const refuse = (expected: string, found: string, fix: string) =>
    new GpdError('checkpoint.incompatible', `fromTorch: '${name}': expected ${expected}, got ${found}.`, fix)
  if (withoutOnes(shape).join() !== withoutOnes(wanted).join()) {
    throw refuse(`shape ${shown(wanted)}`, shown(shape), shapeAdvice(classes, shape, wanted))
  }
  // Asked for once it is sure to be wanted: a type that is not read throws here.
  const { data } = tensor
  const type = data instanceof Float32Array ? 'float32' : typeOf(data)
  if (type === undefined) throw refuse('numbers', show(data), 'Give what decodeSafetensors returns, or a typed array.')
  if (data.length !== sizeOf(shape))
    throw refuse(`${sizeOf(shape)} values`, `${data.length}`, 'Write the checkpoint again.')
  if (data instanceof Float32Array) return data
  const { data: values, isRounded } = toFloat32(`fromTorch: '${name}'`, data)
  if (isRounded) note(`The ${type} numbers of '${name}' are rounded to float32.`)
  return values
}

// A copy: the cpu backend would go on reading the memory of the state dict.
const convert = (data: Float32Array, { factors, permutation }: TorchLayout, shape: readonly number[]): tf.Tensor =>
  tf.tidy(() => tf.reshape(tf.transpose(tf.tensor(data.slice(), [...factors]), [...permutation]), [...shape]))

/** The entries of a state dict, a `Map` or a record of tensors; refuses the file that they are in and what was read around them. */
function entriesOf(state: ReadonlyMap<string, TorchTensor> | Readonly<Record<string, TorchTensor>>) {
  if (state instanceof Map) return state as ReadonlyMap<string, TorchTensor>
  if (isRecord(state) && !(state['tensors'] instanceof Map)) return new Map(Object.entries(state))
  throw new GpdError(
    'config.invalid',
    `fromTorch: expected tensors by their names, got ${show(state)}.`,
    'Decode the file first: fromTorch(network, decodeSafetensors(bytes, { source }).tensors).',
  )
}

/** Entries by their names without the prefix that wrappers put in front of all of them. */
function unwrapped(
  given: ReadonlyMap<string, TorchTensor>,
  wanted: ReadonlySet<string>,
  note: (text: string) => void,
): ReadonlyMap<string, TorchTensor> {
  const prefix = wrapperPrefix([...given.keys()], wanted)
  if (prefix === '') return given
  note(`The prefix '${prefix}' of all names in the state dict is left out.`)
  return new Map(
    [...given].map(([name, tensor]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, tensor]),
  )
}

/**
 * A PyTorch state dict as parameters and statistics of a network: kernels `[out, in, h, w]` become
 * `[h, w, in, out]`, those of linear layers `[in, out]`. Everything is checked before the first tensor is made.
 *
 * A prefix that all names have and no name of the network has is left out: `module.` of DataParallel, `model.` of Lightning,
 * `_orig_mod.` of torch.compile, and one inside another. Doubles and integers become float32. `notes` says so.
 *
 * @param state by name, a `Map` or a record
 * @param options.names `'torchvision'` or `'timm'`, for a state dict whose names are not the network's own
 * @returns new tensors, owned by the caller
 * @throws GpdError `checkpoint.incompatible` for a wrong shape, with the key, the shape found and the one expected, for numbers
 *   beyond float32 and for types that are not read; `config.invalid` for names of a library that are not known for this network,
 *   and for what is no record of tensors
 * @example const { parameters, statistics, missing } = fromTorch(imagenetResnet({ depth: 18 }), decodeSafetensors(bytes, { source: path }).tensors)
 */
export function fromTorch(
  network: Network,
  state: ReadonlyMap<string, TorchTensor> | Readonly<Record<string, TorchTensor>>,
  options: TorchOptions = {},
): TorchLoad {
  const layouts = namedLayouts('fromTorch', network, options)
  const classes = Object.values(network.outputs).map((node) => network.shapes[node]?.at(-1) ?? 0)
  const names = new Set([...layouts.values()].map(({ name }) => name))
  const notes: string[] = []
  const note = (text: string) => void notes.push(text)
  const given = unwrapped(entriesOf(state), names, note)
  const checked = new Map(
    [...layouts].flatMap(([name, layout]) => {
      const tensor = given.get(layout.name)
      return tensor
        ? [[name, { layout, data: checkEntry(layout.name, tensor, layout.shape, classes, note) }] as const]
        : []
    }),
  )
  const build = (specs: readonly { readonly name: string; readonly shape: readonly number[] }[]) =>
    Object.fromEntries(
      specs.flatMap(({ name, shape }) => {
        const found = checked.get(name)
        return found === undefined ? [] : [[name, convert(found.data, found.layout, shape)] as const]
      }),
    )
  return {
    parameters: build(network.parameters),
    statistics: build(network.statistics),
    missing: [...names].filter((name) => !given.has(name)),
    unexpected: [...given.keys()].filter((name) => !names.has(name) && !isCounter(name)),
    notes,
  }
}

/**
 * Parameters and statistics as a PyTorch state dict: the other way round, without `num_batches_tracked`. The numbers are
 * copies.
 *
 * @param tensors parameters and statistics in one record
 * @param options.names `'torchvision'` or `'timm'`. Default: the names of the network's own nodes
 * @throws GpdError `checkpoint.incompatible` if a tensor is missing or has another shape than the network's; `config.invalid`
 *   for names of a library that are not known for this network
 * @example
 * const state = await toTorch(network, { ...parameters, ...statistics })
 * await writeFile(path, encodeSafetensors(Object.fromEntries(state)))
 */
export async function toTorch(
  network: Network,
  tensors: TensorRecord,
  options: TorchOptions = {},
): Promise<Map<string, TorchTensor & { readonly data: Float32Array }>> {
  const layouts = namedLayouts('toTorch', network, options)
  const state = new Map<string, TorchTensor & { readonly data: Float32Array }>()
  for (const { name, shape } of [...network.parameters, ...network.statistics]) {
    const [layout, tensor] = [layouts.get(name), tensors[name]]
    if (layout === undefined || tensor?.shape.join() !== shape.join()) {
      const found = tensor === undefined ? 'none' : shown(tensor.shape)
      throw new GpdError(
        'checkpoint.incompatible',
        `toTorch: '${name}': expected a tensor ${shown(shape)}, got ${found}.`,
        'Pass the tensors of this network.',
      )
    }
    const { factors, permutation } = layout
    const ours = permutation.map((place) => factors[place] ?? 1)
    const back = factors.map((_, place) => permutation.indexOf(place))
    const turned = tf.tidy(() => tf.transpose(tf.reshape(tensor, ours), back))
    // A copy: for a vector the cpu backend returns the memory in use.
    state.set(layout.name, { shape: layout.shape, data: (await turned.data<'float32'>()).slice() })
    turned.dispose()
  }
  return state
}
