import type { Actor } from './actor.ts'
import { passName, type Pass } from './pass.ts'
import type { LossTerm } from './term.ts'

/** A pass with everything that terms read of it. */
export interface PlannedPass extends Pass {
  readonly name: string
  readonly actorOf: Actor
  readonly taps: readonly string[]
}

/** Every distinct pass of an actor that a term names, on the batch itself first. */
function passesOf(actor: Actor, terms: readonly LossTerm[]): PlannedPass[] {
  const named = terms.flatMap(({ passes }) => Object.values(passes)).filter((pass) => pass.actor === actor.name)
  const views = named.flatMap(({ view }) => view ?? [])
  const onBatch = named.some(({ view }) => view === undefined)
  return [...(onBatch ? [undefined] : []), ...new Set(views)].map((view) => {
    const pass = { actor: actor.name, view }
    const taps = new Set(named.flatMap((each) => (each.view === view ? (each.taps ?? []) : [])))
    return { ...pass, name: passName(pass), actorOf: actor, taps: [...taps] }
  })
}

/** All passes of a step, in the order of the actors. */
export const planPasses = (actors: readonly Actor[], terms: readonly LossTerm[]): readonly PlannedPass[] =>
  actors.flatMap((actor) => passesOf(actor, terms))
