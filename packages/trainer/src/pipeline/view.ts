import { kinds, needed, optional, type ActorOutputs, type Fields, type RandomStream, type Rows } from '@gpdjs/core'

/**
 * Batch-norm moments of learners on a view:
 *
 * - `shared`: the learner's own, moved by every pass in turn
 * - `own`: a second set, under `<learner>@<view>`, that begins as the first
 * - `kept`: the batch normalizes, and nothing is moved
 */
export type ViewMoments = 'shared' | 'own' | 'kept'

/**
 * A view of the inputs that is made inside the step, before anything is recorded for gradients: adversarial examples,
 * finite differences, roll-outs of the student. Terms name it as they name a view of the data.
 *
 * @example
 * run.addView({ name: 'mirrored', inputs: ['image'], make: ({ fields }) => ({ image: tf.reverse(fields['image']!, 2) }) })
 */
export interface MadeView {
  /** `'adversarial'`: what it makes of `image` is the field `image/adversarial`. */
  readonly name: string
  /** The fields that `make` returns. */
  readonly inputs: readonly string[]
  /** Default `shared`. */
  readonly moments?: ViewMoments
  /** The fields named in `inputs`, each of the shape and type it has in the batch. Pure; disposes nothing. */
  make(context: ViewContext): Fields
}

/** What a view is made from. */
export interface ViewContext {
  /** The batch, with the views of the data and those made before. */
  readonly fields: Fields
  /**
   * An actor on other inputs, in evaluation mode; the fields that are not given are those of the batch. Differentiable in
   * the given ones: `valueAndGradients(({ x }) => loss(run('student', { image: x })), { x })`.
   */
  run(actor: string, fields?: Fields, options?: { readonly taps?: readonly string[] }): ActorOutputs & Rows
  /** Random numbers of this view in this step. */
  random(): RandomStream
}

/** `MadeView` as objects of users are checked. */
export const viewKind = kinds.members<MadeView>('{ name, inputs, make }', {
  name: needed(kinds.text),
  inputs: needed(kinds.listOf(kinds.text, { expected: 'a list of fields' })),
  moments: optional(kinds.oneOf('shared', 'own', 'kept')),
  make: needed(kinds.functionOf()),
})
