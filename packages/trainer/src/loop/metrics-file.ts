import { checkArgument, GpdError, kinds } from '@gpdjs/core'
import { nodeFiles } from '@gpdjs/interchange'
import type { FileHandle } from 'node:fs/promises'
import type { Callbacks, Logs, TrainInfo } from '../callbacks.ts'

/** JSON has no NaN or infinities, and writes null for them; the log of a diverged run should show which of them it was. */
const plain = (logs: Logs): Record<string, number | string> =>
  Object.fromEntries(
    Object.entries(logs).map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)]),
  )

/** Lines that are kept until they can be written; of a disk that stays full, the oldest are given up. */
const MOST_WAITING = 100_000

type Line = { readonly type?: unknown; readonly step?: number; readonly epoch?: number }

/** Whether a line is of a step or an epoch before the place where a run goes on; a torn one is of none. */
function isBefore(line: string, { step, epoch }: NonNullable<TrainInfo['resumed']>): boolean {
  try {
    const entry = JSON.parse(line) as Line
    return entry.type === 'step' ? entry.step! <= step : entry.epoch! < epoch
  } catch {
    return false
  }
}

const unwritable = (path: string, cause: unknown) =>
  new GpdError(
    'output.unwritable',
    `Cannot write '${path}': ${(cause as Error).message}.`,
    'Choose a new folder for the run.',
    { cause },
  )

/** A new file, or that of a run that goes on, with the lines up to there. Returns it with its length in bytes. */
async function openFile(path: string, resumed: TrainInfo['resumed']): Promise<{ file: FileHandle; end: number }> {
  const { mkdir, open, dirname, readFile } = await nodeFiles('output.unwritable')
  try {
    await mkdir(dirname(path), { recursive: true })
    if (!resumed) return { file: await open(path, 'wx'), end: 0 }
    const text = await readFile(path, 'utf8').catch(() => '')
    const kept = text.split('\n').filter((line) => line !== '' && isBefore(line, resumed))
    const bytes = Buffer.from(kept.map((line) => `${line}\n`).join(''))
    const file = await open(path, text === '' ? 'w' : 'r+')
    await file.write(bytes, 0, bytes.length, 0)
    await file.truncate(bytes.length)
    return { file, end: bytes.length }
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** Callbacks that write a file, and how much of it could not be written. */
export interface MetricsFile extends Callbacks {
  /** Lines that are not in the file. */
  missing(): number
}

/**
 * Callbacks that write one JSON object per line: `{ type: 'step', step, … }` for each step, `{ type: 'epoch', epoch, … }`
 * for each epoch. Every line is written before training goes on. If writing fails in the middle of a run, for example
 * because the disk is full, a warning is given, training goes on, and the lines are written as soon as that works again;
 * no half of a line stays in the file. A run that is resumed goes on in the same file, after the lines up to there.
 *
 * @param path a file that does not exist yet, unless the run is resumed; its folder is made
 * @throws GpdError `output.unwritable` when training begins
 * @example distill({ ...options, callbacks: [metricsFile('runs/1/metrics.jsonl')] })
 */
export function metricsFile(path: string): MetricsFile {
  checkArgument('metricsFile', 'path', kinds.text, path)
  let file: FileHandle | undefined
  /** Where the next line begins: after the last one that was written as a whole. */
  let end = 0
  let waiting: string[] = []
  let givenUp = 0
  let warned = false

  const fail = (error: unknown) => {
    // What has been learned is worth more than its log.
    if (!warned) process.emitWarning(`Cannot write '${path}': ${(error as Error).message}. Training goes on.`)
    warned = true
  }
  /** Writes at a position, so that a try that failed half-way is written over by the next one. */
  async function flush(): Promise<void> {
    if (waiting.length === 0) return
    try {
      const bytes = Buffer.from(waiting.map((line) => `${line}\n`).join(''))
      for (let done = 0; done < bytes.length;)
        done += (await file!.write(bytes, done, bytes.length - done, end + done)).bytesWritten
      end += bytes.length
      waiting = []
      warned = false
    } catch (error) {
      fail(error)
    }
  }
  const write = async (entry: object) => {
    waiting.push(JSON.stringify(entry))
    if (waiting.length > MOST_WAITING) givenUp += waiting.splice(0, waiting.length - MOST_WAITING).length
    await flush()
  }
  async function close(): Promise<void> {
    await file?.truncate(end).catch(fail)
    await file?.close().catch(fail)
    file = undefined
  }
  return {
    async onTrainBegin({ resumed }) {
      const opened = await openFile(path, resumed)
      file = opened.file
      end = opened.end
    },
    onBatchEnd: (step, logs) => write({ type: 'step', step, ...plain(logs) }),
    onEpochEnd: (epoch, logs) => write({ type: 'epoch', epoch, ...plain(logs) }),
    async onTrainEnd() {
      await flush()
      await close()
    },
    onTrainError: close,
    missing: () => givenUp + waiting.length,
  }
}
