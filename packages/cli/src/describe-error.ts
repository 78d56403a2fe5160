import { EXIT } from './exit.ts'
import type { Failure } from './io.ts'

/** A way on for those that were not foreseen where they happened. */
const FIX_BY_STATUS: Readonly<Record<number, string>> = {
  [EXIT.bug]: 'Run again with --verbose to see where.',
  [EXIT.resources]: 'Free some space, or choose another --output.',
}

/** The message of an error and its fix. */
export async function describe(error: unknown): Promise<Failure & { readonly status: number }> {
  const [{ isGpdError }, { errorCodeOf, exitCodeOf }] = await Promise.all([
    import('@gpdjs/core'),
    import('./exit-code.ts'),
  ])
  const [status, code] = [exitCodeOf(error), errorCodeOf(error)]
  const { message } = error instanceof Error ? error : new Error(String(error))
  if (isGpdError(error)) return { status, code, message, ...(error.fix !== undefined && { fix: error.fix }) }
  const problem = `${message.replace(/\.$/, '')}.`
  const surprise = status === EXIT.bug ? 'This should not have happened: ' : ''
  return { status, code, message: `${surprise}${problem}`, fix: FIX_BY_STATUS[status] ?? '' }
}
