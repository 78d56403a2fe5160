import * as tf from '@tensorflow/tfjs'
import { apply, sizeOf, type Batch, type Fields, type Network } from '@gpdjs/core'
import type { KnownOutputs } from '../outputs.ts'
import { momentsOf } from '../pipeline/actor.ts'
import { fieldOf, inputsOf } from '../pipeline/pass.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { PlannedPass } from '../pipeline/plan-passes.ts'

/** Most bytes that all caches of a run hold together. */
const BUDGET = 256 * 2 ** 20

/** The inputs that a node depends on. */
function inputsBehind({ nodes, inputs }: Network, node: string): ReadonlySet<string> {
  const behind = new Set([node])
  for (const { id, inputs: read } of [...nodes].reverse())
    if (behind.has(id)) for (const input of read) behind.add(input)
  return new Set(Object.keys(inputs).filter((input) => behind.has(input)))
}

/** One result of a pass: an output or a tap. */
interface Cached {
  readonly kind: 'outputs' | 'taps'
  readonly name: string
  /** The only input it depends on, or undefined where it depends on several. */
  readonly input: string | undefined
  /** Without the batch. */
  readonly shape: readonly number[]
  /** Values by item. */
  readonly items: Map<number, Float32Array>
}

function resultsOf({ actorOf: { network }, taps }: PlannedPass): Cached[] {
  const result = (kind: Cached['kind'], name: string, node: string): Cached => {
    const behind = [...inputsBehind(network, node)]
    const input = behind.length === 1 ? behind[0] : undefined
    return { kind, name, input, shape: network.shapes[node]!, items: new Map() }
  }
  return [
    ...Object.entries(network.outputs).map(([name, node]) => result('outputs', name, node)),
    ...taps.map((tap) => result('taps', tap, network.taps[tap]!)),
  ]
}

const bytesOf = ({ shape }: Cached): number => 4 * sizeOf(shape)

/** Which item of a batch each row of a result belongs to: the input's own items where the data number them. */
function itemsOf({ input }: Cached, { view }: PlannedPass, { fields, index, keys }: Batch): Uint32Array {
  return (input === undefined ? undefined : keys?.[fieldOf(input, view, fields)]) ?? index
}

/**
 * Keeps outputs and taps of actors that never change, by item, so that each item is computed once. It is filled during
 * training, batch by batch, without extra work. What depends on one input only is kept by the items of that input (a
 * document is embedded once, however many queries it belongs to), everything else by sample.
 */
export interface OutputCache {
  /** What is known or computed of this batch, by pass; the caller disposes of the tensors. */
  lookUp(batch: Batch): Promise<KnownOutputs>
}

/** Values of a result for the items of a batch, or undefined if one is missing. */
function gathered(cached: Cached, items: Uint32Array): tf.Tensor | undefined {
  const size = bytesOf(cached) / 4
  const values = new Float32Array(items.length * size)
  for (const [row, item] of items.entries()) {
    const found = cached.items.get(item)
    if (found === undefined) return undefined
    values.set(found, row * size)
  }
  return tf.tensor(values, [items.length, ...cached.shape])
}

async function remember(
  cached: Cached,
  items: Uint32Array,
  tensor: tf.Tensor,
  budget: { left: number },
): Promise<void> {
  const size = bytesOf(cached) / 4
  const values = (await tensor.data()) as Float32Array
  for (const [row, item] of items.entries()) {
    if (cached.items.has(item) || budget.left < 4 * size) continue
    budget.left -= 4 * size
    cached.items.set(item, values.slice(row * size, (row + 1) * size))
  }
}

type Results = { outputs: Record<string, tf.Tensor>; taps: Record<string, tf.Tensor> }

/** The results of one pass: known ones looked up, the others computed and remembered. */
async function resultsFor(
  pass: PlannedPass,
  results: readonly Cached[],
  batch: Batch,
  compute: (missing: readonly Cached[]) => { outputs: Fields; taps: Fields },
  budget: { left: number },
): Promise<Results> {
  const found: Results = { outputs: {}, taps: {} }
  const missing: Cached[] = []
  for (const cached of results) {
    const tensor = gathered(cached, itemsOf(cached, pass, batch))
    if (tensor === undefined) missing.push(cached)
    else found[cached.kind][cached.name] = tensor
  }
  if (missing.length === 0) return found
  const computed = tf.tidy(() => compute(missing))
  for (const cached of missing) {
    const tensor = computed[cached.kind][cached.name]!
    await remember(cached, itemsOf(cached, pass, batch), tensor, budget)
    found[cached.kind][cached.name] = tensor
  }
  return found
}

/**
 * A cache for the frozen actors of a run that allow one, on fields that never vary.
 *
 * @param varying whether a sample may look different from one epoch to the next: nothing is remembered then
 * @param budget most bytes to hold; results beyond it are computed each time
 */
export function outputCache(pipeline: Pipeline, varying: boolean, budget = BUDGET): OutputCache {
  const made = new Set(pipeline.views.map(({ name }) => name))
  const passes = varying
    ? []
    : pipeline.passes.filter(
        ({ actorOf: { role, cache = true }, view }) =>
          role === 'frozen' && cache && !(view !== undefined && made.has(view)),
      )
  const left = { left: budget }
  const stores = passes.map((pass) => ({ pass, results: resultsOf(pass) }))
  return {
    async lookUp(batch) {
      const known: Record<string, Results> = {}
      for (const { pass, results } of stores) {
        const { actorOf: actor } = pass
        const compute = (missing: readonly Cached[]) => {
          const names = (kind: Cached['kind']) => missing.flatMap((each) => (each.kind === kind ? [each.name] : []))
          const { constants } = pipeline
          const model = {
            network: actor.network,
            parameters: actor.parameters(constants),
            statistics: momentsOf(actor, constants, {}),
          }
          const wanted = { outputs: names('outputs'), taps: names('taps') }
          const { outputs, taps } = apply(model, inputsOf(actor, pass, batch.fields), { training: false, ...wanted })
          return { outputs, taps }
        }
        known[pass.name] = await resultsFor(pass, results, batch, compute, left)
      }
      return known
    },
  }
}
