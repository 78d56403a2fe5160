import type { Callbacks } from '@gpdjs/trainer'
import { claimRunFolder, type RunFolder } from './run-folder.ts'

/**
 * The beginning of a run, as callbacks of its trainings: the folder is made when the first of them begins, so that whatever
 * is wrong with a configuration leaves none. What goes wrong before the first step has been taken (a batch that cannot be
 * read, memory that is not there) takes the folder away again, so that the same command can be tried again.
 */
export class RunStart implements Callbacks {
  #folder: RunFolder | undefined
  #stepTaken = false

  /** @param files first files of the folder, by their names */
  constructor(
    private readonly path: string,
    private readonly files: Readonly<Record<string, object>>,
  ) {}

  async onTrainBegin(): Promise<void> {
    this.#folder ??= await claimRunFolder(this.path, { files: this.files })
  }

  onBatchEnd(): void {
    this.#stepTaken = true
  }

  /** Runs the training, or the trainings, that call these callbacks. */
  async run<T>(train: () => Promise<T>): Promise<T> {
    try {
      return await train()
    } catch (error) {
      // The error that ended the run is what matters, not what may go wrong while cleaning up.
      if (!this.#stepTaken) await this.#folder?.discard().catch(() => undefined)
      throw error
    }
  }
}
