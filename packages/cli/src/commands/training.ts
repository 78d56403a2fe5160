import { join } from 'node:path'
import { listCheckpoints } from '@gpdjs/interchange'
import {
  checkpoints,
  distill,
  metricsFile,
  type Callbacks,
  type DistillOptions,
  type ResumeOptions,
} from '@gpdjs/trainer'
import type { Config } from '../config/schema.ts'
import { distillOptions, type Prepared } from '../config/prepare.ts'
import { say, type CommandContext } from '../io.ts'
import { progressBar } from '../progress/progress-bar.ts'
import { canRedraw } from '../progress/terminal.ts'
import { RUN } from '../run-folder.ts'
import type { StepWatch } from '../run-start.ts'
import { lastFinite, type FiniteState } from './finite-state.ts'
import { spaceCheck } from './free-space.ts'
import { reasonOf, saveNetworks, type Missing } from './save-networks.ts'

export interface Training {
  readonly title: string
  /** Of this training; it exists. */
  readonly folder: string
  readonly watch: StepWatch
  readonly maxSteps: number | undefined
  /** Goes on with the checkpoints of the folder, as far as there are some. */
  readonly resume?: Omit<ResumeOptions, 'folder'>
  /** Said when training begins. */
  readonly begins?: string
}

export interface Trained extends FiniteState {
  /** What could not be written. */
  readonly missing: readonly Missing[]
}

export const checkpointFolder = (folder: string): string => join(folder, RUN.checkpoints)

/** Callbacks that save, and what they could not save. */
interface Saving {
  /** Called before anything is written. */
  readonly before: readonly Callbacks[]
  /** Called when all else has been written. */
  readonly after: readonly Callbacks[]
  /** @param step the last one of the run */
  missing(step: number): Promise<Missing[]>
}

function savingOf(context: CommandContext, { checkpoints: wanted }: Config, training: Training): Saving {
  if (!wanted) return { before: [], after: [], missing: () => Promise.resolve([]) }
  const folder = checkpointFolder(training.folder)
  let problem: string | undefined
  const onProblem = (error: unknown) => {
    // Once for all tries: the end says what became of it.
    if (problem === undefined)
      say(context, `${training.title}: no checkpoint: ${reasonOf(error)}. Training goes on, and tries again.`)
    problem = reasonOf(error)
  }
  const { keep, ...every } = wanted
  return {
    before: [spaceCheck(training.folder, folder)],
    after: [checkpoints({ folder, keep, onProblem, ...(Object.keys(every).length > 0 && { every }) })],
    async missing(step) {
      if (problem === undefined || (await listCheckpoints(folder))[0]?.step === step) return []
      return [{ name: RUN.checkpoints, why: problem }]
    },
  }
}

const announcing = (context: CommandContext, { begins, title }: Training): Callbacks => ({
  onTrainBegin({ resumed }) {
    if (begins !== undefined) say(context, begins)
    if (resumed) say(context, `${title}: goes on after step ${resumed.step}.`)
    for (const note of resumed?.notes ?? []) say(context, `${title}: ${note}`)
  },
})

/**
 * Trains, and saves what came of it, in the folder of the run. A checkpoint or a line of metrics that cannot be written ends
 * no training.
 */
export async function trainInto(context: CommandContext, prepared: Prepared, training: Training): Promise<Trained> {
  const { title, folder, watch, maxSteps, resume } = training
  const { config } = prepared
  const saving = savingOf(context, config, training)
  const metrics = metricsFile(join(folder, RUN.metrics))
  const bar = progressBar(context.stderr, { title, redraw: canRedraw(context.stderr, context.env) })
  const options: DistillOptions = {
    ...distillOptions(prepared),
    ...(maxSteps !== undefined && { maxSteps }),
    ...(resume && { resume: { ...resume, folder: checkpointFolder(folder) } }),
    ...(context.signal && { signal: context.signal }),
  }
  const callbacks = [...saving.before, announcing(context, training), watch, metrics, bar, ...saving.after]
  const result = await distill({ ...options, callbacks })
  if (result.outcome === 'aborted' && result.steps === 0) {
    result.dispose()
    throw context.signal!.reason
  }
  const lost = metrics.missing()
  const missing: Missing[] = [
    ...(await saving.missing(result.steps)),
    ...(lost > 0 ? [{ name: RUN.metrics, why: `${lost} lines are not in it` }] : []),
  ]
  const state: FiniteState =
    result.outcome === 'diverged'
      ? await lastFinite(result, prepared, options, config.checkpoints ? checkpointFolder(folder) : undefined)
      : { result, kept: 'last' }
  return { ...state, missing: [...missing, ...(await saveNetworks(folder, state, prepared))] }
}
