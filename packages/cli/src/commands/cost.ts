import { countMultiplyAdds, countParameters, type Network } from '@gpdjs/core'
import type { Prepared } from '../config/prepare.ts'

/** What training costs. */
export interface Cost {
  /** Numbers in each learner as a plain network, its branches merged. */
  readonly parameters: Readonly<Record<string, number>>
  /**
   * Floating-point operations of one training step: of layers that multiply, twice their multiply-adds; three passes for
   * each learner (a backward pass costs about two forward ones), one for a static teacher.
   */
  readonly stepFlops: number
}

export const flopsOf = (network: Network): number => 2 * countMultiplyAdds(network)

/** @param learners everything that is trained, the student first */
export function costOf(
  learners: Readonly<Record<string, { readonly network: Network }>>,
  { config, teacher }: Pick<Prepared, 'config' | 'teacher'>,
): Cost {
  const trained = Object.values(learners).reduce((sum, { network }) => sum + flopsOf(network), 0)
  const images = config.batchSize * config.accumulate
  return {
    parameters: Object.fromEntries(
      Object.entries(learners).map(([name, { network }]) => [name, countParameters(network.parameters)]),
    ),
    stepFlops: images * (3 * trained + (teacher ? flopsOf(teacher.network) : 0)),
  }
}
