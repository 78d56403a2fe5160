import { isGpdError } from '@gpdjs/core'
import { EXIT } from './exit.ts'

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

/** `parseArgs` reports a wrong command line by an error of this kind. */
const isUsageError = (error: unknown) => error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')

export function exitCodeOf(error: unknown): number {
  if (isUsageError(error)) return EXIT.usage
  return isGpdError(error) ? (BY_KIND[error.code.split('.')[0]!] ?? EXIT.bug) : EXIT.bug
}
