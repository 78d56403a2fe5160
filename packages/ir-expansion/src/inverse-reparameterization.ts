import * as tf from '@tensorflow/tfjs'
import { fillOptions, option, type Expansion, type Given, type Network, type TensorRecord } from '@gpdjs/core'
import { expand, EXPAND_OPTIONS } from './expand.ts'
import { branchParameters, initializeWide, liftParameters } from './lift.ts'
import { noises } from './noise.ts'

export const INVERSE_REPARAMETERIZATION_OPTIONS = {
  ...EXPAND_OPTIONS,
  /** What tells the copies of a channel apart (default: `zero-sum` with deviation 0.01). */
  noise: option(noises, { kind: 'zero-sum', deviation: 0.01 }),
}

export type InverseReparameterizationOptions = Given<typeof INVERSE_REPARAMETERIZATION_OPTIONS>

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
 * @throws GpdError `config.unknown-key`, `config.invalid`, `config.missing`
 * @example
 * const ir = inverseReparameterization({ ratio: 2, branches: orepa() })
 * const expansion = ir.expand(student)
 * const stored = ir.lift(expansion, parameters, seed)
 * apply(expansion.teacher, teacherView(expansion, stored), statistics, images, { training: false })
 * @see Guo et al., "Gap Preserving Distillation by Building Bidirectional Mappings with A Dynamic Teacher", ICLR 2025, section 3.2
 */
export function inverseReparameterization(options: InverseReparameterizationOptions): InverseReparameterization {
  const { noise, ...expansion } = fillOptions('inverseReparameterization', INVERSE_REPARAMETERIZATION_OPTIONS, options)
  return {
    name: 'inverse-reparameterization',
    expand: (student) => expand(student, expansion),
    lift: (plan, student, seed) =>
      tf.tidy(() => liftParameters(plan, branchParameters(plan, student, seed), noise, seed)),
    initialize: initializeWide,
  }
}
