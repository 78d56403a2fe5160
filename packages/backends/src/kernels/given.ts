import type * as tf from '@tensorflow/tfjs'

/** Without the entries that are null. */
const withoutNulls = <T extends object>(entries: T): T =>
  Object.values(entries).includes(null)
    ? (Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== null)) as T)
    : entries

/**
 * An attribute that was not given is undefined, null or not there, and `tf.layers` passes all three. Kernels and gradients
 * here know the first and the last only, so that defaults apply.
 */
export const givenAttributes = (attrs: tf.NamedAttrMap | undefined): tf.NamedAttrMap => withoutNulls(attrs ?? {})

/** The kernel, called with what was given: see `givenAttributes`. The same holds for its inputs, unless they are a list. */
export const withGiven =
  (kernel: tf.KernelFunc): tf.KernelFunc =>
  ({ inputs, attrs, backend }) =>
    kernel({
      inputs: Array.isArray(inputs) ? inputs : withoutNulls(inputs),
      attrs: givenAttributes(attrs),
      backend,
    })
