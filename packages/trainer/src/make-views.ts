import * as tf from '@tensorflow/tfjs'
import { GpdError, randomStream, type Fields } from '@gpdjs/core'
import { fixedOutputs, inEvaluation, withRows, type KnownOutputs, type RunTensors } from './outputs.ts'
import { momentsOf } from './pipeline/actor.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import type { PassOutputs } from './pipeline/term.ts'
import type { MadeView, ViewContext } from './pipeline/view.ts'

/** @throws GpdError `plugin.invalid` for a field that was promised and not made, or of another shape or type */
function checkMade({ name, inputs }: MadeView, made: Fields, fields: Fields): void {
  const shapeOf = (field: tf.Tensor | undefined) => (field ? `${field.dtype} [${field.shape.join(', ')}]` : 'nothing')
  const wrong = inputs.find(
    (input) => made[input] === undefined || (fields[input] && shapeOf(made[input]) !== shapeOf(fields[input])),
  )
  if (wrong === undefined) return
  const problem = `View '${name}': expected '${wrong}' as ${shapeOf(fields[wrong])}, got ${shapeOf(made[wrong])}.`
  throw new GpdError(
    'plugin.invalid',
    problem,
    'Return every field of `inputs`, in the shape and type that it has in the batch.',
  )
}

/** Actors as functions of fields, in evaluation mode. Parameters are read once, outside of any tape. */
function runActors({ actors, task }: Pipeline, { tensors, statistics }: RunTensors) {
  const models = new Map(
    actors.map((actor) => {
      const model = { parameters: actor.parameters(tensors), statistics: momentsOf(actor, tensors, statistics) }
      return [actor.name, { actor, model }] as const
    }),
  )
  return (fields: Fields): ViewContext['run'] =>
    (name, given = {}, { taps = [] } = {}) => {
      const found = models.get(name)
      if (!found) {
        const fix = `There are ${[...models.keys()].join(', ')}.`
        throw new GpdError('plugin.invalid', `A view runs the actor '${name}', which does not exist.`, fix)
      }
      const { actor, model } = found
      const seen = { ...fields, ...given }
      const inputs = Object.fromEntries(Object.keys(actor.network.inputs).map((input) => [input, seen[input]!]))
      return withRows(task, inEvaluation(actor, model, inputs, taps), seen)
    }
}

/** What is known before anything is recorded for gradients. */
export interface BeforeTape {
  /** The batch, with the views that were made. */
  readonly fields: Fields
  /** Outputs of the actors that are not trained, by pass. */
  readonly outputs: Record<string, PassOutputs>
}

/**
 * The part of a step before its gradients: actors that are not trained on the batch, then one made view after another,
 * each followed by these actors on it.
 */
export function beforeTape(
  pipeline: Pipeline,
  run: RunTensors,
  batch: Fields,
  known: KnownOutputs,
  { step, microBatch }: { readonly step: number; readonly microBatch: number },
): BeforeTape {
  const { task, views, seed } = pipeline
  const fixed = pipeline.passes.filter(({ actorOf }) => actorOf.role !== 'learner')
  const made = new Set(views.map(({ name }) => name))
  const ofData = fixed.filter(({ view }) => view === undefined || !made.has(view))
  const outputs = fixedOutputs(task, ofData, run, batch, known)
  if (views.length === 0) return { fields: batch, outputs }
  const runOn = runActors(pipeline, run)
  let fields = batch
  for (const view of views) {
    const random = () => randomStream(seed, 'view', view.name, step, microBatch)
    const context = { fields, run: runOn(fields), random }
    const own = tf.tidy(() => ({ ...view.make(context) }))
    checkMade(view, own, fields)
    fields = { ...fields, ...Object.fromEntries(view.inputs.map((input) => [`${input}/${view.name}`, own[input]!])) }
    Object.assign(
      outputs,
      fixedOutputs(
        task,
        fixed.filter((pass) => pass.view === view.name),
        run,
        fields,
        known,
      ),
    )
  }
  return { fields, outputs }
}
