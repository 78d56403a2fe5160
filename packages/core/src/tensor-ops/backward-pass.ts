import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { ontoKnownOf } from './accumulating-gradient.ts'
import { isOfThisScope, releaseSaved, type Tape, type TapeNode } from './tape.ts'

/** Gradients by the id of the tensor that they belong to. */
type Gradients = Map<number, tf.Tensor>

/** Ids of the tensors that are computed from `xs`, and of `xs`. */
function dependents(tape: Tape, xs: readonly tf.Tensor[]): ReadonlySet<number> {
  const ids = new Set(xs.map(({ id }) => id))
  for (const { inputs, outputs } of tape) {
    if (Object.values(inputs).some(({ id }) => ids.has(id))) for (const { id } of outputs) ids.add(id)
  }
  return ids
}

function checkGradient(kernelName: string, input: string, dx: tf.Tensor, { shape }: tf.Tensor): void {
  if (dx.dtype === 'float32' && dx.shape.join() === shape.join()) return
  throw new GpdError(
    'plugin.invalid',
    `Gradient of '${kernelName}': expected float32 [${shape.join(', ')}] for input '${input}', got ${dx.dtype} [${dx.shape.join(', ')}].`,
    'The gradient of a tensor has its shape.',
  )
}

type NamedInput = readonly [name: string, tensor: tf.Tensor]

interface InputGradients {
  /** In the order of the inputs. Each is a tensor of its own, free to be disposed. */
  readonly tensors: readonly tf.Tensor[]
  /** Whether what was known before is added to them already. */
  readonly includeKnown: boolean
}

const differ = (inputs: readonly NamedInput[]) => new Set(inputs.map(([, { id }]) => id)).size === inputs.length

/**
 * Gradients for some inputs of one operation. A tensor that its gradient function did not make itself (`dy`, a saved
 * tensor, a constant) or returns twice is cloned.
 */
function inputGradients(
  { kernelName, gradient }: TapeNode,
  dys: readonly (tf.Tensor | undefined)[],
  inputs: readonly NamedInput[],
  known: Gradients,
): InputGradients {
  if (gradient === undefined)
    throw new GpdError(
      'backend.unsupported',
      `TensorFlow.js has no gradient of '${kernelName}'.`,
      'Compute it by other operations, or give its gradient with tf.customGrad.',
    )
  let includeKnown = false
  const tensors = tf.tidy(() => {
    // An output that is not used has no gradient; the tape puts zeros there.
    const each = gradient(dys as tf.Tensor[])
    // If two inputs are the same tensor, the gradient of the second would not include that of the first.
    const ontoKnown = differ(inputs) ? ontoKnownOf(each) : undefined
    includeKnown = ontoKnown !== undefined
    const sums = ontoKnown?.(Object.fromEntries(inputs.map(([name, { id }]) => [name, known.get(id)])))
    const taken = new Set<tf.Tensor>()
    return inputs.map(([name, x]) => {
      const dx = sums === undefined ? each[name]!() : sums[name]!
      checkGradient(kernelName, name, dx, x)
      const own = isOfThisScope(dx) && !taken.has(dx)
      taken.add(dx)
      return own ? dx : tf.clone(dx)
    })
  })
  return { tensors, includeKnown }
}

/** Computes the gradients of an operation's inputs from those of its outputs, which are disposed. */
function propagate(node: TapeNode, gradients: Gradients, reached: ReadonlySet<number>): void {
  const dys = node.outputs.map(({ id }) => gradients.get(id))
  const inputs = Object.entries(node.inputs).filter(([, { id }]) => reached.has(id))
  if (inputs.length === 0 || dys.every((dy) => dy === undefined)) return
  const { tensors, includeKnown } = inputGradients(node, dys, inputs, gradients)
  for (const { id } of node.outputs) gradients.delete(id)
  tf.dispose(dys.filter((dy) => dy !== undefined))
  inputs.forEach(([, { id }], i) => {
    const known = gradients.get(id)
    const dx = tensors[i]!
    const isSum = includeKnown || known === undefined
    gradients.set(id, isSum ? dx : tf.add(known, dx))
    tf.dispose([known, isSum ? undefined : dx].filter((tensor) => tensor !== undefined))
  })
}

/**
 * Gradients of a scalar for `xs`, backwards along a tape, which is empty afterwards. Nothing is kept longer than needed:
 * once an operation has passed its gradient on, that gradient and what the operation saved for it are freed, as PyTorch
 * does. The engine's own pass (`tf.engine().gradients`) holds all of them to the end.
 *
 * @returns in the order of `xs`, undefined where the value does not depend on the tensor
 */
export function backwardPass(tape: Tape, value: tf.Tensor, xs: readonly tf.Tensor[]): (tf.Tensor | undefined)[] {
  try {
    return tf.tidy(() => {
      const reached = dependents(tape, xs)
      releaseSaved(tape.filter(({ outputs }) => !outputs.some(({ id }) => reached.has(id))))
      const gradients: Gradients = new Map([[value.id, tf.ones(value.shape)]])
      for (let node = tape.at(-1); node !== undefined; node = tape.at(-1)) {
        propagate(node, gradients, reached)
        releaseSaved([node])
        // Last: if the pass fails on this node, the node is still on the tape, and what it saved is freed below.
        tape.pop()
      }
      return xs.map(({ id }) => gradients.get(id)) as tf.Tensor[]
    })
  } finally {
    releaseSaved(tape)
  }
}
