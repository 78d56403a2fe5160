import { GpdError, isGpdError } from './errors.ts'

/** What JavaScript and TensorFlow say when memory is not to be had. */
const SAID = [
  /^Array buffer allocation failed/,
  /OOM when allocating/,
  /ResourceExhausted|RESOURCE_EXHAUSTED/,
  /[Ff]ailed to allocate memory/,
]

/** Longer than any array may be; a shorter length that is refused is a mistake. */
const isTooLong = (message: string): boolean =>
  Number(/^Invalid typed array length: (\d+)$/.exec(message)?.[1]) >= 2 ** 31

/** What there was no memory for, or nothing for another error. */
function problemOf(error: unknown): string | undefined {
  if (isGpdError(error)) {
    const { code, message, fix = '' } = error
    return code === 'backend.out-of-memory' ? message.slice(0, message.length - fix.length).trim() : undefined
  }
  if (!(error instanceof Error)) return undefined
  const { message } = error
  const isMemory = SAID.some((said) => said.test(message)) || isTooLong(message)
  return isMemory ? `There is not enough memory: ${message.split('\n')[0]!.slice(0, 200)}.` : undefined
}

const adviceFor = (batchSize: number): string =>
  batchSize === 1
    ? 'Use a smaller network or smaller images.'
    : `Try batchSize ${Math.floor(batchSize / 2)} in a new process; accumulate: 2 keeps the gradient of the larger batch.`

/**
 * An error as `backend.out-of-memory` with the batch to try, if memory is what was missing; any other error as it is.
 *
 * @param batchSize of the batches with which it happened
 * @example throw asOutOfMemory(new RangeError('Array buffer allocation failed'), 64) // … Try batchSize 32 …
 */
export function asOutOfMemory(error: unknown, batchSize: number): unknown {
  const problem = problemOf(error)
  if (problem === undefined) return error
  return new GpdError('backend.out-of-memory', problem, adviceFor(batchSize), { cause: error })
}
