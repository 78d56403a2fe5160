import type * as tf from '@tensorflow/tfjs'
import { GpdError, type Kind } from '@gpdjs/core'
import { adagrad } from './adagrad.ts'
import { adam } from './adam.ts'
import { adamax } from './adamax.ts'
import { adamw } from './adamw.ts'
import { rmsprop } from './rmsprop.ts'
import { optimizerKind, type Optimizer } from './optimizer.ts'
import { sgd } from './sgd.ts'

/** Optimizers by name, with the learning rates that `model.compile` gives them. */
const BY_NAME = {
  sgd: () => sgd({ learningRate: 0.01 }),
  adam: () => adam({ learningRate: 1e-3, epsilon: 1e-7 }),
  adamw: () => adamw({ learningRate: 1e-3 }),
  rmsprop: () => rmsprop({ learningRate: 1e-3 }),
  adagrad: () => adagrad({ learningRate: 0.01 }),
  adamax: () => adamax({ learningRate: 2e-3 }),
} as const

export type OptimizerName = keyof typeof BY_NAME

/** What is read of an optimizer of TensorFlow.js. */
type Config = Readonly<Record<string, number>>

const refuse = (name: string, problem: string, fix: string) =>
  new GpdError('config.invalid', `optimizer: tf.train.${name} ${problem}`, fix)

/** The same optimizer, by the name of its class. */
const BY_CLASS: Readonly<Record<string, (config: Config) => Optimizer>> = {
  SGD: ({ learningRate }) => sgd({ learningRate: learningRate! }),
  Momentum: ({ learningRate, momentum, useNesterov }) =>
    sgd({ learningRate: learningRate!, momentum: momentum!, nesterov: Boolean(useNesterov) }),
  Adam: ({ learningRate, beta1, beta2, epsilon }) => adam({ learningRate: learningRate!, beta1, beta2, epsilon }),
  RMSProp({ learningRate, decay, momentum, epsilon, centered }) {
    if (centered)
      throw refuse('rmsprop', 'is centered, where it may take the root of a negative number.', 'Leave centered out.')
    return rmsprop({ learningRate: learningRate!, rho: decay, momentum, epsilon })
  },
  Adagrad: ({ learningRate, initialAccumulatorValue }) =>
    adagrad({ learningRate: learningRate!, initial: initialAccumulatorValue }),
  Adamax({ learningRate, beta1, beta2, epsilon, decay }) {
    const rate = learningRate!
    const falling = ({ step }: { readonly step: number }) => rate / (1 + decay! * step)
    return adamax({ learningRate: decay ? falling : rate, beta1, beta2, epsilon })
  },
  Adadelta() {
    const problem = 'divides by the mean square before the step, which is not Adadelta.'
    throw refuse('adadelta', problem, 'Use adam({ learningRate: 1e-3 }), or write an optimizer.')
  },
}

const hasMembers = <T>(value: unknown, ...names: readonly (keyof T & string)[]): value is T =>
  typeof value === 'object' && value !== null && names.every((name) => name in value)

const isTensorFlows = (value: unknown): value is tf.Optimizer =>
  hasMembers<tf.Optimizer>(value, 'minimize', 'getConfig', 'getClassName')

const isName = (value: unknown): value is OptimizerName => typeof value === 'string' && Object.hasOwn(BY_NAME, value)

/** @throws GpdError `config.invalid` for a class that has no counterpart */
function fromTensorFlow(optimizer: tf.Optimizer): Optimizer {
  const name = optimizer.getClassName()
  const make = Object.hasOwn(BY_CLASS, name) ? BY_CLASS[name] : undefined
  if (make) return make(optimizer.getConfig() as unknown as Config)
  const problem = `optimizer: expected one of tf.train, got an object of ${name}.`
  throw new GpdError('config.invalid', problem, `Known: ${Object.keys(BY_CLASS).join(', ')}.`)
}

/**
 * Optimizers, in every form that is accepted: of this package, by name, or of `tf.train`. Of the last the numbers are taken
 * and not the state: training begins without moments, and `setLearningRate` has no effect on it.
 */
export const optimizers: Kind<Optimizer, Optimizer | OptimizerName | tf.Optimizer> = {
  expected: [...optimizerKind.expected, 'tf.train.adam(1e-3)', "a name such as 'adam'"],
  choices: Object.keys(BY_NAME),
  read(value, place) {
    if (isName(value)) return BY_NAME[value]()
    return isTensorFlows(value) ? fromTensorFlow(value) : optimizerKind.read(value, place)
  },
}
