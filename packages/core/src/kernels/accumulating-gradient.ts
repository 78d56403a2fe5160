import type * as tf from '@tensorflow/tfjs'

/** What a gradient function of TensorFlow.js returns: for each input a function that makes its gradient. */
type Gradients = Readonly<Record<string, () => tf.Tensor>>

/** Gradients by the name of the input; absent where nothing has arrived yet. */
export type KnownGradients = Readonly<Record<string, tf.Tensor | undefined>>

/**
 * Makes the gradients of those inputs that `known` names, each with what is known of it added: tensors of their own,
 * `known` stays as it is.
 */
export type OntoKnown = (known: KnownGradients) => Readonly<Record<string, tf.Tensor>>

const ONTO_KNOWN = Symbol('gradients added onto what is known')

/**
 * A tensor that several operations read gets the sum of their gradients. An operation that can add its own onto what the
 * others gave, for all its inputs at once, says so by returning this from its gradient function: the project's backward
 * pass then calls `ontoKnown`, and adds nothing itself. The engine of TensorFlow.js sees `each` and adds up as always.
 */
export function accumulating(each: Gradients, ontoKnown: OntoKnown): Gradients {
  return Object.assign({ ...each }, { [ONTO_KNOWN]: ontoKnown })
}

/** How these gradients are added onto known ones, if they say. */
export const ontoKnownOf = (gradients: Gradients): OntoKnown | undefined =>
  (gradients as { readonly [ONTO_KNOWN]?: OntoKnown })[ONTO_KNOWN]
