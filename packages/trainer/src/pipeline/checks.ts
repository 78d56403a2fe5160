import { didYouMean, GpdError, tapNode, type LossSetup } from '@gpdjs/core'
import type { Actor } from './actor.ts'
import { edgeName, type EdgeOptions, type LossTerm } from './term.ts'

/** @throws GpdError for an actor or a tap that is not there */
export function checkTerm(term: LossTerm, actors: readonly Actor[]): void {
  for (const [name, taps] of Object.entries(term.taps)) {
    const { network } = findActor(term.name, name, actors)
    for (const tap of taps) tapNode(network, tap)
  }
}

function findActor(term: string, name: string, actors: readonly Actor[]): Actor {
  const actor = actors.find((candidate) => candidate.name === name)
  if (actor) return actor
  throw new GpdError(
    'plugin.invalid',
    `Loss '${term}': no actor is called '${name}'.`,
    `There are ${actors.map((a) => a.name).join(', ')}.`,
  )
}

/** @throws GpdError `checkpoint.incompatible` for heads that no loss has asked for */
export function checkHeads(given: readonly string[], terms: readonly string[]): void {
  const stranger = given.find((name) => !terms.includes(name))
  if (stranger === undefined) return
  const problem = `heads: no loss of this run is called '${stranger}'.`
  throw new GpdError('checkpoint.incompatible', problem, didYouMean(stranger, terms))
}

/** What a loss may know of the two networks before training. */
export function lossSetup(edge: EdgeOptions, actors: readonly Actor[], seed: number, samples: number): LossSetup {
  const shapes = (name: string, taps: readonly string[] = []) => {
    const { network } = findActor(edgeName(edge), name, actors)
    return Object.fromEntries(taps.map((tap) => [tap, network.shapes[tapNode(network, tap)]!]))
  }
  const { student, teacher, loss } = edge
  return {
    student: shapes(student, loss.taps?.student),
    teacher: shapes(teacher, loss.taps?.teacher),
    outputs: { logits: [actors[0]!.network.classes] },
    samples,
    seed,
  }
}

/** @throws GpdError `data.mismatch` unless all networks tell the same number of classes apart */
export function checkClasses(actors: readonly Actor[]): void {
  const [student] = actors
  const other = actors.find(({ network }) => network.classes !== student!.network.classes)
  if (!other) return
  throw new GpdError(
    'data.mismatch',
    `'${other.name}' has ${other.network.classes} classes, the student ${student!.network.classes}.`,
    'Logit distillation needs the same classes in the same order.',
  )
}
