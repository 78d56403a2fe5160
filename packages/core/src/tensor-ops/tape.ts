import * as tf from '@tensorflow/tfjs'
import { TFJS_VERSION } from '../tfjs-version.ts'

/** One recorded operation. Inputs and outputs may have been disposed since: only their shapes and ids are valid. */
export type TapeNode = ReturnType<typeof tf.engine>['state']['activeTape'][number]

export type Tape = TapeNode[]

/**
 * Whether a tape of our own can be kept now: not in an unknown release, nor while another gradient is being recorded.
 * There the engine's own backward pass does the same with more memory.
 */
export const canRecord = (): boolean => tf.version_core === TFJS_VERSION && tf.engine().state.gradientDepth === 0

/** Frees the tensors that operations have saved for their gradients. */
export function releaseSaved(nodes: readonly TapeNode[]): void {
  for (const { saved } of nodes) tf.dispose(saved ?? [])
}

/** Runs `f` and records its operations. If `f` throws, everything that was recorded is freed. */
export function record(f: () => tf.Tensor): { value: tf.Tensor; tape: Tape } {
  const { state } = tf.engine()
  const tape: Tape = []
  state.activeTape = tape
  state.gradientDepth++
  try {
    return { value: tf.tidy(f), tape }
  } catch (error) {
    releaseSaved(tape)
    throw error
  } finally {
    state.gradientDepth--
    state.activeTape = []
  }
}

/** Whether a tensor was made in the current tidy scope and is disposed with it. */
export const isOfThisScope = (tensor: tf.Tensor): boolean =>
  tensor.scopeId === tf.engine().state.activeScope.id && !tensor.kept
