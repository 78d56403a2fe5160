import * as tf from '@tensorflow/tfjs'
import type { Expansion, Network, TensorRecord } from '@gpdjs/core'
import { expand, type ExpandOptions } from './expand.ts'
import { branchParameters, initializeWide, liftParameters } from './lift.ts'
import type { Noise } from './noise.ts'

export interface InverseReparameterizationOptions extends ExpandOptions {
  /** What tells the copies of a channel apart. Default zero-sum with deviation 0.01. */
  readonly noise?: Noise
}

/** The way from a student to its dynamic teacher, with its options filled in. */
export interface InverseReparameterization {
  readonly name: 'inverse-reparameterization'
  expand(student: Network): Expansion
  /** Stored tensors that compute the student's function. The caller owns them. */
  lift(expansion: Expansion, student: TensorRecord, seed: number): Record<string, tf.Tensor>
  /** Stored tensors drawn without a student. The caller owns them. */
  initialize(expansion: Expansion, seed: number): Record<string, tf.Tensor>
}

/**
 * Inverse Reparameterization: widen a student `ratio` times (and branch its convolutions) so that the result computes
 * the same function.
 *
 * @throws GpdError `config.invalid` from `expand` unless the ratio is a positive integer
 * @example
 * const ir = inverseReparameterization({ ratio: 2, branches: orepa() })
 * const expansion = ir.expand(student)
 * const stored = ir.lift(expansion, parameters, seed)
 * apply(expansion.teacher, teacherView(expansion, stored), statistics, images, { training: false })
 * @see Guo et al., "Gap Preserving Distillation by Building Bidirectional Mappings with A Dynamic Teacher", ICLR 2025, section 3.2
 */
export function inverseReparameterization(options: InverseReparameterizationOptions): InverseReparameterization {
  const noise = options.noise ?? { kind: 'zero-sum', deviation: 0.01 }
  return {
    name: 'inverse-reparameterization',
    expand: (student) => expand(student, options),
    lift: (expansion, student, seed) =>
      tf.tidy(() => liftParameters(expansion, branchParameters(expansion, student, seed), noise, seed)),
    initialize: initializeWide,
  }
}
