import * as tf from '@tensorflow/tfjs'
import { fillOptions, option, type Given } from '@gpdjs/core'
import { expand, EXPAND_OPTIONS } from './expand.ts'
import type { Expander } from './expander.ts'
import { branchParameters, initializeWide, liftParameters, liftStatistics, teacherView } from './lift.ts'
import { noises } from './noise.ts'

export const INVERSE_REPARAMETERIZATION_OPTIONS = {
  ...EXPAND_OPTIONS,
  /** Noise that makes the copies of a channel differ (default: `zero-sum` with deviation 0.01). */
  noise: option(noises, { kind: 'zero-sum', deviation: 0.01 }),
}

export type InverseReparameterizationOptions = Given<typeof INVERSE_REPARAMETERIZATION_OPTIONS>

/**
 * Inverse Reparameterization: widen a student `ratio` times (and branch its kernels) so that the result computes
 * the same function.
 *
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`; from `expand` also if nothing would be trained
 * @example
 * const ir = inverseReparameterization({ ratio: 2, branches: orepa() })
 * const expansion = ir.expand(student)
 * const stored = ir.lift(expansion, parameters, seed)
 * predict({ network: expansion.teacher, parameters: ir.teacherView(expansion, stored), statistics: {} }, images)
 * @see Guo et al., "Gap Preserving Distillation by Building Bidirectional Mappings with A Dynamic Teacher", ICLR 2025, section 3.2
 */
export function inverseReparameterization(options: InverseReparameterizationOptions): Expander {
  const { noise, ...how } = fillOptions('inverseReparameterization', INVERSE_REPARAMETERIZATION_OPTIONS, options)
  return {
    name: 'inverse-reparameterization',
    expand: (student) => expand(student, how),
    lift: (expansion, student, seed) =>
      tf.tidy(() => liftParameters(expansion, branchParameters(expansion, student, seed), noise, seed)),
    initialize: initializeWide,
    liftStatistics,
    teacherView,
  }
}
