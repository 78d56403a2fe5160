import type { ErrorCode, GpdError as CoreError } from '@gpdjs/core'

/**
 * The GpdError of @gpdjs/core, for commands that compute nothing: importing that one loads the tensor library with it,
 * which takes most of a second. `isGpdError` accepts errors of either.
 */
export class GpdError extends Error implements CoreError {
  override readonly name = 'GpdError'

  constructor(
    readonly code: ErrorCode,
    problem: string,
    readonly fix: string | undefined = undefined,
    options?: ErrorOptions,
  ) {
    super(fix === undefined ? problem : `${problem} ${fix}`, options)
  }
}
