/**
 * All errors that a user can correct, as stable codes.
 *
 * The part before the dot of a code is the area of the error: `config` (usage or configuration), `data`, `backend`,
 * `checkpoint` (weight files), `training` … A command-line tool maps that part to its exit status.
 */
export type ErrorCode =
  | 'backend.unknown'
  | 'backend.missing'
  | 'backend.unsupported'
  | 'backend.out-of-memory'
  | 'checkpoint.missing'
  | 'checkpoint.corrupt'
  | 'checkpoint.incompatible'
  | 'config.invalid'
  | 'config.unknown-key'
  | 'config.missing'
  | 'data.missing'
  | 'data.corrupt'
  | 'data.mismatch'
  | 'data.label-range'
  | 'network.invalid'
  | 'network.shape'
  | 'network.unknown-op'
  | 'plugin.invalid'
  | 'training.diverged'
  | 'training.interrupted'
  | 'output.unwritable'
  | 'output.locked'

/**
 * An error with three parts: what was expected, what was found, and the fix.
 *
 * @example throw new GpdError('config.invalid', 'ratio: expected a positive integer, got 1.5.', 'Use 1, 2, 3 or 4.')
 */
export class GpdError extends Error {
  override readonly name = 'GpdError'
  readonly code: ErrorCode
  /** What the user can do about it, one sentence. */
  readonly fix: string | undefined

  constructor(code: ErrorCode, problem: string, fix?: string, options?: ErrorOptions) {
    super(fix === undefined ? problem : `${problem} ${fix}`, options)
    this.code = code
    this.fix = fix
  }
}

/** True for our errors, also when they come from a second copy of this package. */
export function isGpdError(error: unknown): error is GpdError {
  return error instanceof Error && error.name === 'GpdError' && 'code' in error
}
