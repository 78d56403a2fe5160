import { didYouMean, GpdError, tapNode, type LossSetup, type Task } from '@gpdjs/core'
import type { Actor } from './actor.ts'
import { edgeName, type EdgeOptions } from './edge.ts'
import { type LossTerm } from './term.ts'

/** What logits of each distribution are taken for, and a loss of them. */
const LOGITS = {
  categorical: { of: 'one class out of several (softmax)', loss: 'kd()' },
  bernoulli: { of: 'labels that hold or not, each by itself (sigmoid)', loss: 'binaryKd()' },
} as const

/** @throws GpdError `plugin.invalid` for a loss that takes the logits for something else than the task */
function checkDistribution({ name, distribution }: LossTerm, task: Task): void {
  const { distribution: own = 'categorical' } = task
  if (distribution === undefined || distribution === own) return
  const [taken, given] = [LOGITS[distribution], LOGITS[own]]
  const problem = `Loss '${name}' is of logits of ${taken.of}, those of the task '${task.name}' are of ${given.of}.`
  throw new GpdError('plugin.invalid', problem, `Use ${given.loss}, or a loss of features.`)
}

/** @throws GpdError for an actor or a tap that does not exist, logits of another kind, or rows that cannot be weighed */
export function checkTerm(term: LossTerm, actors: readonly Actor[], task: Task): void {
  checkDistribution(term, task)
  for (const { actor, taps = [] } of Object.values(term.passes)) {
    const { network } = findActor(term.name, actor, actors)
    for (const tap of taps) tapNode(network, tap)
  }
  if (!term.comparesSamples || !(task.weighsRows || term.rows)) return
  const weigher = term.rows ? 'its edge' : 'the task'
  const problem = `Loss '${term.name}' compares samples with each other, but ${weigher} weighs rows.`
  throw new GpdError('plugin.invalid', problem, 'Use a loss that has one value per row, such as kd().')
}

export function findActor(term: string, name: string, actors: readonly Actor[]): Actor {
  const actor = actors.find((candidate) => candidate.name === name)
  if (actor) return actor
  throw new GpdError(
    'plugin.invalid',
    `Loss '${term}': no actor is called '${name}'.`,
    `There are ${actors.map((a) => a.name).join(', ')}.`,
  )
}

/** @throws GpdError `checkpoint.incompatible` for heads that belong to no loss */
export function checkHeads(given: readonly string[], terms: readonly string[]): void {
  const stranger = given.find((name) => !terms.includes(name))
  if (stranger === undefined) return
  const problem = `heads: no loss of this run is called '${stranger}'.`
  throw new GpdError('checkpoint.incompatible', problem, didYouMean(stranger, terms))
}

/** The argument of a loss's `prepare`: shapes of the two networks, before training. */
export function lossSetup(edge: EdgeOptions, actors: readonly Actor[], seed: number, samples: number): LossSetup {
  const networkOf = (name: string) => findActor(edgeName(edge), name, actors).network
  const shapes = (name: string, taps: readonly string[] = []) => {
    const network = networkOf(name)
    return Object.fromEntries(taps.map((tap) => [tap, network.shapes[tapNode(network, tap)]!]))
  }
  const { student, teacher, loss } = edge
  const { outputs, shapes: nodes } = networkOf(student)
  return {
    student: shapes(student, loss.taps?.student),
    teacher: shapes(teacher, loss.taps?.teacher),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, nodes[node]!])),
    samples,
    seed,
  }
}
