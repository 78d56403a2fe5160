import { fillOptions, kinds, needed, option, optional, type Given } from '@gpdjs/core'
import { saveCheckpoint } from '@gpdjs/interchange'
import type { Callbacks, RunHandle } from '../callbacks.ts'

export const CHECKPOINT_INTERVALS = {
  /** Steps between two checkpoints. */
  steps: optional(kinds.count),
  /** Minutes between two checkpoints; a step is finished first. */
  minutes: optional(kinds.positive),
  /** Epochs between two checkpoints. */
  epochs: optional(kinds.count),
}

export const CHECKPOINTS_OPTIONS = {
  /** Made when it is first needed. */
  folder: needed(kinds.text),
  /**
   * How often; whichever comes first (default: every two minutes and after every epoch, but at most a hundredth of the time
   * is spent on it).
   */
  every: optional(kinds.record(CHECKPOINT_INTERVALS)),
  /** Good checkpoints that are kept, at least two (default 2). */
  keep: option(kinds.countFrom(2), 2),
  /** What is said about a checkpoint that could not be written; training goes on (default: a warning of the process). */
  onProblem: optional(kinds.functionOf<(error: unknown) => void>()),
}

export type CheckpointsOptions = Given<typeof CHECKPOINTS_OPTIONS>

/** Without `every`: how often, and the most that it may cost. */
const USUAL: Given<typeof CHECKPOINT_INTERVALS> = { minutes: 2, epochs: 1 }
const LARGEST_SHARE = 0.01

const warn = (error: unknown) => process.emitWarning(`${(error as Error).message} Training goes on.`)

/**
 * Callbacks that save a run as it goes on, so that `distill({ resume: folder })` takes it up again: bit for bit as if it had
 * never stopped, on the same backend and machine. Also when training ends, by itself or by a signal. A checkpoint is
 * written all or nothing; one that cannot be written is reported, and the earlier ones stay.
 *
 * @throws GpdError `config.invalid`, `config.unknown-key`
 * @example distill({ ...options, callbacks: checkpoints({ folder: 'runs/1/checkpoints' }), resume: { folder: 'runs/1/checkpoints', optional: true } })
 */
export function checkpoints(options: CheckpointsOptions): Callbacks {
  const filled = fillOptions('checkpoints', CHECKPOINTS_OPTIONS, options)
  const { folder, keep, every = USUAL, onProblem = warn } = filled
  const { steps = Infinity, minutes = Infinity, epochs: epochsBetween = Infinity } = every
  const mayCost = filled.every === undefined ? LARGEST_SHARE : Infinity
  let run: RunHandle
  /** The last checkpoint; `tried` is the step of the last try, which may have failed. */
  const last = { step: 0, tried: 0, ended: 0, took: 0 }
  let epochs = 0

  /** Milliseconds since the last checkpoint. */
  const since = () => performance.now() - last.ended
  async function save(): Promise<void> {
    const began = performance.now()
    try {
      const { step, records, position } = await run.snapshot()
      if (step === last.step) return
      last.tried = step
      epochs = 0
      await saveCheckpoint(folder, step, records, position, { keep })
      last.step = step
    } catch (error) {
      onProblem(error)
    }
    last.ended = performance.now()
    last.took = last.ended - began
  }
  const isDue = (wanted: boolean) => wanted && last.took <= mayCost * since()
  return {
    onTrainBegin(info, handle) {
      run = handle
      const step = info.resumed?.step ?? 0
      Object.assign(last, { step, tried: step, ended: performance.now(), took: 0 })
    },
    async onBatchEnd(step) {
      if (isDue(step - last.tried >= steps || since() >= 60_000 * minutes)) await save()
    },
    async onEpochEnd() {
      epochs++
      if (isDue(epochs >= epochsBetween)) await save()
    },
    onTrainEnd: save,
  }
}
