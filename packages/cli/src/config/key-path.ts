import { GpdError, isGpdError } from '@gpdjs/core'

/**
 * Makes something from one part of a configuration. The path of the part is added to the message of an error.
 *
 * @example at('teacher.loss', () => dkd(given)) // GpdError: teacher.loss: dkd: unknown option 'betta'. Did you mean …
 */
export function at<T>(path: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!isGpdError(error)) throw error
    const problem = error.fix === undefined ? error.message : error.message.slice(0, -error.fix.length).trimEnd()
    throw new GpdError(error.code, `${path}: ${problem}`, error.fix, { cause: error })
  }
}
