import * as tf from '@tensorflow/tfjs'
import { expand, type ExpandOptions } from './expand.ts'
import type { Expander } from './expander.ts'
import { branchParameters, initializeWide, liftParameters, liftStatistics, teacherView } from './lift.ts'
import type { Noise } from './noise.ts'

export interface InverseReparameterizationOptions extends ExpandOptions {
  /** Noise that makes the copies of a channel differ. Default zero-sum with deviation 0.01. */
  readonly noise?: Noise
}

/**
 * Inverse Reparameterization: widen a student `ratio` times (and branch its kernels) so that the result computes
 * the same function.
 *
 * @throws GpdError `config.invalid` from `expand` unless the ratio is a positive integer, and if nothing would be trained
 * @example
 * const ir = inverseReparameterization({ ratio: 2, branches: orepa() })
 * const expansion = ir.expand(student)
 * const stored = ir.lift(expansion, parameters, seed)
 * apply(expansion.teacher, ir.teacherView(expansion, stored), statistics, images, { training: false })
 * @see Guo et al., "Gap Preserving Distillation by Building Bidirectional Mappings with A Dynamic Teacher", ICLR 2025, section 3.2
 */
export function inverseReparameterization(options: InverseReparameterizationOptions): Expander {
  const noise = options.noise ?? { kind: 'zero-sum', deviation: 0.01 }
  return {
    name: 'inverse-reparameterization',
    expand: (student) => expand(student, options),
    lift: (expansion, student, seed) =>
      tf.tidy(() => liftParameters(expansion, branchParameters(expansion, student, seed), noise, seed)),
    initialize: initializeWide,
    liftStatistics,
    teacherView,
  }
}
