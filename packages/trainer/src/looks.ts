import type * as tf from '@tensorflow/tfjs'
import { apply, GpdError, type ActorOutputs } from '@gpdjs/core'
import type { TrainingBatch } from './gradient-pass.ts'
import type { Actor } from './pipeline/actor.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import type { LossTerm } from './pipeline/term.ts'

/** One look at the images of a batch: the images themselves, or a further view of them. */
export interface Look {
  /** Empty, or the view's name: what its random numbers are drawn by. */
  readonly path: readonly [] | readonly [view: string]
  readonly xs: tf.Tensor
  /** Who wants it. */
  readonly terms: readonly LossTerm[]
  /** Logits of actors that need not look. */
  readonly logits?: TrainingBatch['logits']
}

/** @throws GpdError `data.missing` for a view that the batch does not have */
export function missingView(term: string, view: string, views: readonly string[]): GpdError {
  const found = ['the images themselves', ...views.map((name) => `'${name}'`)].join(', ')
  return new GpdError(
    'data.missing',
    `'${term}' needs the view '${view}' of every image, the data has ${found}.`,
    `Give it: imageSource(set, { augment: padCropFlip(), views: { ${view}: chain(padCropFlip(), randAugment()) } }).`,
  )
}

/** The batch itself, and each view that a term asks for. */
export function looksOf({ terms }: Pipeline, { xs, logits, views = {} }: TrainingBatch): Look[] {
  const names = [...new Set(terms.flatMap((term) => term.views ?? []))]
  const further = names.map((view): Look => {
    const wanting = terms.filter((term) => term.views?.includes(view))
    const images = views[view]
    if (images === undefined) throw missingView(wanting[0]!.name, view, Object.keys(views))
    return { path: [view], xs: images, terms: wanting }
  })
  return [{ path: [], xs, logits, terms }, ...further]
}

export const tapsOf = ({ name }: Actor, { terms }: Look): string[] => [
  ...new Set(terms.flatMap(({ taps }) => taps[name] ?? [])),
]

const isWanted = ({ name }: Actor, { terms }: Look): boolean => terms.some(({ taps }) => name in taps)

/** Whether a learner looks: at the batch itself in any case, at a further view if a term wants it to. */
export const isWatched = (actor: Actor, look: Look): boolean => look.path.length === 0 || isWanted(actor, look)

/** What the frozen actors say that a term wants to hear, looked up where it is known. */
export function frozenOutputs({ actors, constants }: Pipeline, look: Look): Record<string, ActorOutputs> {
  const used = actors.filter((actor) => actor.role === 'frozen' && isWanted(actor, look))
  return Object.fromEntries(
    used.map((actor) => {
      const known = look.logits?.[actor.name]
      if (known) return [actor.name, { logits: known, outputs: { logits: known }, taps: {} }]
      const images = actor.input?.(look.xs) ?? look.xs
      const options = { training: false, taps: tapsOf(actor, look) }
      const result = apply(actor.network, actor.parameters(constants), actor.statistics, images, options)
      return [actor.name, { ...result, outputs: { logits: result.logits } }]
    }),
  )
}
