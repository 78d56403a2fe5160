import { isGpdError } from '@gpdjs/core'
import { EXIT } from './exit.ts'

/** By the part of an error code before the dot: whose turn it is. */
const BY_KIND: Readonly<Record<string, number>> = {
  backend: EXIT.usage,
  config: EXIT.usage,
  network: EXIT.usage,
  plugin: EXIT.usage,
  data: EXIT.data,
  checkpoint: EXIT.checkpoint,
  training: EXIT.diverged,
  output: EXIT.resources,
}

/** Codes that have a status of their own. */
const BY_CODE: Readonly<Record<string, number>> = {
  // Nothing is wrong with what was asked for: the machine is too small for it.
  'backend.out-of-memory': EXIT.resources,
  'output.locked': EXIT.locked,
  'training.interrupted': EXIT.interrupted,
}

/** Error codes of the operating system when a disk is full, broken or taken away in the middle of a run. */
const OUT_OF_RESOURCES = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EFBIG', 'EMFILE', 'ENOMEM'])

/** Whether there is no space left, however deep that is in the reasons of an error. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT' || error.message.startsWith('ENOSPC') || isDiskFull(error.cause)
}

const isOutOfResources = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && OUT_OF_RESOURCES.has(String(error.code))

/** The exit status that goes with a code. */
export const exitCodeOfCode = (code: string): number => BY_CODE[code] ?? BY_KIND[code.split('.')[0]!] ?? EXIT.bug

/** The exit status that goes with an error. */
export function exitCodeOf(error: unknown): number {
  if (isGpdError(error)) return exitCodeOfCode(error.code)
  return isOutOfResources(error) ? EXIT.resources : EXIT.bug
}

/** The code that goes with an error: its own, or one for those that have none. */
export function errorCodeOf(error: unknown): string {
  if (isGpdError(error)) return error.code
  return isOutOfResources(error) ? 'output.unwritable' : 'bug'
}
