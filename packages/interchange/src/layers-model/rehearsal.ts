import * as tf from '@tensorflow/tfjs'
import { GpdError, isGpdError, sizeOf, type Shape } from '@gpdjs/core'
import type { Refuse } from './check-layers.ts'
import { quoted } from './topology.ts'

/** What a weight is, beside its numbers. */
interface Listed {
  readonly name: string
  readonly shape: Shape
  readonly dtype: string
  readonly group?: string
}

/** The part of `tf.layers.Layer` through which every weight of a layer is made. */
interface WeightMaker {
  addWeight(name: string, shape: Shape, ...rest: unknown[]): unknown
}

interface Constraint {
  apply(weight: tf.Tensor): unknown
}

/** The names that a model's weight may have in a file: converters put the name of a cell before the last one. */
const spellings = (name: string): readonly string[] => {
  const parts = name.split('/')
  return [name, [...parts.slice(0, -2), ...parts.slice(-1)].join('/')]
}

/** Names by folders, as Keras 3 saves them: TensorFlow.js orders them itself. */
const isByFolder = (name: string): boolean => name.includes('layer_checkpoint_dependencies')

/** @throws what `refuse` makes, unless the file has each weight of the model as it is there, and no other */
function checkWeights(model: tf.LayersModel, listed: readonly Listed[], refuse: Refuse): void {
  if (listed.some(({ name }) => isByFolder(name))) return
  const wanted = new Map(model.weights.map((weight) => [weight.originalName, weight]))
  if (wanted.size < model.weights.length) throw refuse('weights of different names', 'two of one name')
  for (const { name, shape, dtype } of listed) {
    const known = spellings(name).find((spelled) => wanted.has(spelled))
    if (known === undefined) throw refuse('weights of the layers', `'${name}', which belongs to none`)
    const { shape: due, dtype: type } = wanted.get(known)!
    wanted.delete(known)
    if (due.join() !== shape.join() || type !== dtype)
      throw refuse(`'${name}' as ${type} [${due.join(', ')}]`, `${dtype} [${shape.join(', ')}]`)
  }
  const [missing] = wanted.keys()
  if (missing !== undefined) throw refuse(`a weight '${missing}'`, 'none')
}

/**
 * Calls `build` while no more numbers can be made for weights than `most`: a few bytes of a topology can ask for more than a
 * machine holds. All weights are zeros, which cost nothing to draw.
 */
function withFewWeights<T>(most: number, refuse: Refuse, build: () => T): T {
  const maker = tf.layers.Layer.prototype as unknown as WeightMaker
  const { addWeight } = maker
  let left = most
  maker.addWeight = function (this: WeightMaker, name, shape, ...[dtype, , ...rest]) {
    left -= sizeOf(shape)
    if (!(left >= 0)) throw refuse(`layers with the ${most} numbers of its weights`, `'${name}' [${shape.join(', ')}]`)
    return addWeight.call(this, name, shape, dtype, tf.initializers.zeros(), ...rest)
  }
  try {
    return build()
  } finally {
    maker.addWeight = addWeight
  }
}

/**
 * Calls a function and disposes of every tensor and variable that it made.
 *
 * @param work synchronous; a promise that it returns may have gone as far as it can without waiting
 */
export function leavingNothing<T>(work: () => T): T {
  const engine = tf.engine()
  const { registeredVariables } = engine.state
  const before = new Set(Object.keys(registeredVariables))
  engine.startScope('rehearsal')
  try {
    return work()
  } finally {
    // Those too that are kept: an optimizer keeps its rate.
    tf.dispose(engine.state.activeScope.track)
    engine.endScope()
    for (const [name, variable] of Object.entries(registeredVariables)) if (!before.has(name)) variable.dispose()
  }
}

/** Errors of TensorFlow.js about a file are many; what they say is kept. */
function asCorrupt(error: unknown, source: string): GpdError {
  if (isGpdError(error)) return error
  const reason = error instanceof Error ? error.message : String(error)
  const problem = `${source}: expected a model that TensorFlow.js can build, it says: ${quoted(reason)}.`
  return new GpdError('checkpoint.corrupt', problem, 'Write or download it again.', { cause: error })
}

const isOpenShape = (shape: unknown): boolean =>
  Array.isArray(shape) && shape.every((size) => size === null || (Number.isSafeInteger(size) && Number(size) > 0))

/** TensorFlow.js takes anything as the shape of an input. */
function checkInputs({ inputs }: tf.LayersModel, refuse: Refuse): void {
  const wrong = inputs.find(({ shape }) => !isOpenShape(shape))
  if (wrong !== undefined) throw refuse(`sizes as shape of the input '${wrong.name}'`, quoted(wrong.shape))
}

/** Loading a weight applies its constraint, which in a file may be an object of any class. */
function applyConstraints({ weights }: tf.LayersModel): void {
  for (const weight of weights) {
    const { constraint, shape } = weight as unknown as { constraint?: Constraint | null; shape: number[] }
    constraint?.apply(tf.zeros(shape))
  }
}

/** As TensorFlow.js asks: an empty text is there, and read. */
const isThere = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null

/** What a model takes along, beside its layers: whatever is wrong with it is thrown. */
function takeAlong(model: tf.LayersModel, { trainingConfig, userDefinedMetadata }: tf.io.ModelArtifacts): void {
  try {
    if (isThere(trainingConfig))
      model.loadTrainingConfig(trainingConfig as Parameters<tf.LayersModel['loadTrainingConfig']>[0])
    if (isThere(userDefinedMetadata)) model.setUserDefinedMetadata(userDefinedMetadata)
  } finally {
    model.optimizer?.dispose()
  }
}

/**
 * Builds a model as `tf.loadLayersModel` will, with zeros as weights, and takes it down again, so that what is wrong is known
 * while all that was made can still be freed.
 *
 * @throws GpdError `checkpoint.corrupt`, with the error of TensorFlow.js as its cause
 */
export async function rehearse(artifacts: tf.io.ModelArtifacts, source: string, refuse: Refuse): Promise<void> {
  const listed = ((artifacts.weightSpecs ?? []) as Listed[]).filter(({ group }) => group !== 'optimizer')
  const most = listed.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  // A copy: building changes the configuration.
  const modelTopology = structuredClone(artifacts.modelTopology) as tf.io.ModelJSON['modelTopology']
  try {
    // It builds before it first waits, so all tensors are made in this call.
    const building = leavingNothing(() =>
      withFewWeights(most, refuse, () => tf.models.modelFromJSON({ modelTopology } as never)),
    )
    const model = await building
    leavingNothing(() => {
      applyConstraints(model)
      takeAlong(model, artifacts)
    })
    checkInputs(model, refuse)
    checkWeights(model, listed, refuse)
  } catch (error) {
    throw asCorrupt(error, source)
  }
}
