import type * as tf from '@tensorflow/tfjs'

/** What a gradient function of TensorFlow.js returns: for each input a function that makes its gradient. */
type Gradients = Readonly<Record<string, () => tf.Tensor>>

/** Gradients by the name of the input; absent where nothing has arrived yet. */
export type KnownGradients = Readonly<Record<string, tf.Tensor | undefined>>

/**
 * Makes the gradients of the inputs that `known` names, each added to its known gradient if there is one. The results are
 * new tensors; those of `known` are not changed.
 */
export type OntoKnown = (known: KnownGradients) => Readonly<Record<string, tf.Tensor>>

const ONTO_KNOWN = Symbol.for('gpd.gradients-onto-known')

/**
 * A tensor that several operations read gets the sum of their gradients. An operation that can add its gradients to the
 * sum so far, for all its inputs at once, returns this from its gradient function: the project's backward pass then calls
 * `ontoKnown` and adds nothing itself. The engine of TensorFlow.js uses `each` and adds up as always.
 */
export function accumulating(each: Gradients, ontoKnown: OntoKnown): Gradients {
  return Object.assign({ ...each }, { [ONTO_KNOWN]: ontoKnown })
}

/** The function that adds these gradients to known ones, if there is one. */
export const ontoKnownOf = (gradients: Gradients): OntoKnown | undefined =>
  (gradients as { readonly [ONTO_KNOWN]?: OntoKnown })[ONTO_KNOWN]
