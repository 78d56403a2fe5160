import type { Callbacks } from '@gpdjs/trainer'
import type { RunFolder } from './run-folder.ts'

/** Knows whether a run has got anywhere. */
export interface StepWatch extends Callbacks {
  /** Steps that were taken, the last one of the run at least. */
  steps(): number
}

function stepWatch(): StepWatch {
  let steps = 0
  return {
    onBatchEnd(step) {
      steps = step
    },
    steps: () => steps,
  }
}

/**
 * Runs a training, or trainings, in a folder that was claimed for it. What goes wrong before the first step has been taken (a
 * configuration that does not fit, a batch that cannot be read, memory that is not there) takes the folder away again, so that
 * the same command can be tried again. The lock is given back in any case.
 *
 * @param work gets callbacks that its trainings have to call
 */
export async function inRunFolder<T>(folder: RunFolder, work: (watch: StepWatch) => Promise<T>): Promise<T> {
  const watch = stepWatch()
  try {
    return await work(watch)
  } catch (error) {
    // The error that ended the run is what matters, not what may go wrong while cleaning up.
    if (watch.steps() === 0) await folder.discard().catch(() => undefined)
    throw error
  } finally {
    await folder.release()
  }
}
