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

/** Codes that are not those of their kind: nothing is wrong with what was asked for, the machine is too small for it. */
const BY_CODE: Readonly<Record<string, number>> = { 'backend.out-of-memory': EXIT.resources }

/** Error codes of the operating system when a disk is full, broken or taken away in the middle of a run. */
const OUT_OF_RESOURCES = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EFBIG', 'EMFILE', 'ENOMEM'])

const isOutOfResources = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && OUT_OF_RESOURCES.has(String(error.code))

/** The exit status that goes with an error. */
export function exitCodeOf(error: unknown): number {
  if (isGpdError(error)) return BY_CODE[error.code] ?? BY_KIND[error.code.split('.')[0]!] ?? EXIT.bug
  return isOutOfResources(error) ? EXIT.resources : EXIT.bug
}

/** The code that goes with an error: its own, or one for those that have none. */
export function errorCodeOf(error: unknown): string {
  if (isGpdError(error)) return error.code
  return isOutOfResources(error) ? 'output.unwritable' : 'bug'
}
