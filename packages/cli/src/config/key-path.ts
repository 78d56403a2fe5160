import { GpdError, isGpdError } from '@gpdjs/core'

/**
 * Makes something out of one part of a configuration. An error of whoever makes it is told with the path of the part.
 *
 * @example at('teacher.loss', () => dkd(options)) // GpdError: teacher.loss: dkd: unknown option 'betta'. Did you mean …
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
