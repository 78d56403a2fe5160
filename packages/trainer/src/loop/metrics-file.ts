import { checkArgument, GpdError, kinds } from '@gpdjs/core'
import type { Callbacks, Logs } from '../callbacks.ts'
import { nodeFiles } from '@gpdjs/interchange'

/** JSON has no NaN or infinities, and writes null for them; the log of a diverged run should show which of them it was. */
const plain = (logs: Logs): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(logs).map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)]),
  )

/**
 * Callbacks that write one JSON object per line: `{ type: 'step', step, … }` for each step, `{ type: 'epoch', epoch, … }`
 * for each epoch. Every line is written before training goes on. If writing fails in the middle of
 * a run, for example because the disk is full, a warning is given and training goes on without the file.
 *
 * @param path a file that does not exist yet; its folder is made
 * @throws GpdError `output.unwritable` when training begins
 * @example distill({ …, callbacks: [metricsFile('runs/1/metrics.jsonl')] })
 */
export function metricsFile(path: string): Callbacks {
  checkArgument('metricsFile', 'path', kinds.text, path)
  let append: ((line: string) => Promise<void>) | undefined
  const write = async (entry: object) => {
    try {
      await append?.(`${JSON.stringify(entry)}\n`)
    } catch (error) {
      // What has been learned is worth more than its log.
      process.emitWarning(`Cannot write '${path}': ${(error as Error).message}. Training goes on without it.`)
      append = undefined
    }
  }
  return {
    async onTrainBegin() {
      const { appendFile, mkdir, open, dirname } = await nodeFiles('output.unwritable')
      try {
        await mkdir(dirname(path), { recursive: true })
        await (await open(path, 'wx')).close()
      } catch (error) {
        throw new GpdError(
          'output.unwritable',
          `Cannot write '${path}': ${(error as Error).message}.`,
          'Choose a new folder for the run.',
          { cause: error },
        )
      }
      // Opened for each line: a training that fails leaves no file open.
      append = (line) => appendFile(path, line)
    },
    onBatchEnd: (step, logs) => write({ type: 'step', step, ...plain(logs) }),
    onEpochEnd: (epoch, logs) => write({ type: 'epoch', epoch, ...plain(logs) }),
    onTrainEnd() {
      append = undefined
    },
  }
}
