import type * as tf from '@tensorflow/tfjs'

/** A layer of `tf.layers` in one configuration, and what it is fed with. */
export interface LayerCase {
  /** Tells apart the configurations of one layer. */
  readonly name: string
  readonly make: () => tf.layers.Layer
  /** Shapes of the inputs, without the batch. */
  readonly inputs: readonly (readonly number[])[]
  /** Inputs are indices below this number; else they are floats and pass through a dense layer that is trained too. */
  readonly indices?: number
  /** Type of the inputs that are indices. Default int32. */
  readonly dtype?: 'int32' | 'float32'
  /** Kernel whose plain gradient throws or is wrong, so that only the repaired backends can be compared. */
  readonly repaired?: string
  /** What the layer itself throws in TensorFlow.js 4.22, on every backend, repaired or not. */
  readonly throws?: RegExp
  /** Why it cannot stand in a model. Then it is applied to tensors, and its gradient is compared. */
  readonly alone?: string
}

type Args = Readonly<Record<string, unknown>>

/** Configurations of one layer that differ in their arguments only: `configurations(tf.layers.dense, [4], {…}, {…})`. */
export const configurations = <A>(
  layer: (args: A) => tf.layers.Layer,
  inputs: readonly number[] | readonly (readonly number[])[],
  ...args: readonly Args[]
): LayerCase[] =>
  args.map((given) => ({
    name: JSON.stringify(given),
    make: () => layer({ ...given } as A),
    inputs: (Array.isArray(inputs[0]) ? inputs : [inputs]) as readonly (readonly number[])[],
  }))

/** The same cases with more said about those that `concerns` picks. */
export const marked = (
  cases: readonly LayerCase[],
  mark: Partial<LayerCase>,
  concerns: (name: string) => boolean = () => true,
): LayerCase[] => cases.map((subject) => (concerns(subject.name) ? { ...subject, ...mark } : subject))
