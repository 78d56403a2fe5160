import { checkMoments, GpdError } from '@gpdjs/core'
import type { Pipeline } from './pipeline.ts'
import type { LossTerm } from './term.ts'

/** @throws GpdError `config.invalid` for a batch in which a loss has nothing to compare */
function checkTermBatch({ name, networks = [], leastBatch = 1 }: LossTerm, samples: number): void {
  for (const network of networks) checkMoments(network, samples, { owner: name })
  if (samples >= leastBatch) return
  throw new GpdError(
    'config.invalid',
    `Loss '${name}' looks at several samples of a batch: expected at least ${leastBatch}, got ${samples}.`,
    'Use a larger batch (accumulated batches are seen one by one).',
  )
}

/**
 * Checks that a batch is large enough for everything in a step that looks at several of its samples: norms of networks that
 * compute in training mode, norms of heads, losses that compare samples.
 *
 * @param samples of one batch, on each view; of accumulated batches each counts by itself
 * @throws GpdError `config.invalid` naming node and network, or the loss
 */
export function checkBatch({ passes, terms }: Pick<Pipeline, 'passes' | 'terms'>, samples: number): void {
  for (const { actorOf, taps } of passes)
    if (actorOf.role === 'learner' && actorOf.mode !== 'evaluation')
      checkMoments(actorOf.network, samples, { owner: actorOf.name, taps })
  for (const term of terms) checkTermBatch(term, samples)
}
