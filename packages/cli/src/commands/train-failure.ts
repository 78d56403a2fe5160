import type { Checkpoint } from '@gpdjs/interchange'
import { EXIT } from '../exit.ts'
import type { Failure, Io } from '../io.ts'
import { resumeCommand } from '../resume-command.ts'
import type { Missing } from './save-networks.ts'
import type { Trained } from './training.ts'

const KEPT: Readonly<Record<Trained['kept'], (steps: number) => string>> = {
  last: () => 'The student from before that step is saved.',
  earlier: (steps) =>
    `The outputs of the student from before that step are not finite either; that of step ${steps} is saved.`,
  none: () => 'No student is saved: none was reached whose outputs are finite.',
}

/** What a command ends with. */
type Ended = Failure & { readonly status: number }

function unwritten(missing: readonly Missing[], folder: string, whole: Checkpoint | undefined): Ended {
  const list = missing.map(({ name, why }) => `${name} (${why})`).join(', ')
  return {
    status: EXIT.resources,
    code: 'output.unwritable',
    message: `Not everything could be written: ${list}.${whole ? ` The checkpoint of step ${whole.step}, '${whole.folder}', is whole.` : ''}`,
    fix: `Free some space, then: ${resumeCommand(folder)}`,
  }
}

export interface Place {
  readonly folder: string
  readonly io: Io
  /** The newest checkpoint. */
  readonly whole: Checkpoint | undefined
}

/** Why a run did not come to its end, or not everything of it is there. */
export function failureOf(trained: Trained, { folder, io, whole }: Place): Ended | undefined {
  const { outcome, problem, steps } = trained.result
  if (outcome === 'diverged') {
    return {
      status: EXIT.diverged,
      code: 'training.diverged',
      message: `Training diverged: ${problem}. ${KEPT[trained.kept](steps)}`,
      fix: 'Try a lower optimizer.learningRate, a warmUp, or a smaller optimizer.clipGlobalNorm.',
    }
  }
  if (trained.missing.length > 0) return unwritten(trained.missing, folder, whole)
  const interrupted = { status: EXIT.interrupted, code: 'training.interrupted' }
  if (outcome === 'aborted')
    return { ...interrupted, message: `Stopped by a signal after step ${steps}. The student is saved.` }
  if (!io.signal?.aborted) return undefined
  return { ...interrupted, message: 'Stopped by a signal. Training is over and saved, its evaluation is not.' }
}
