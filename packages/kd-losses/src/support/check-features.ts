import { GpdError, show } from '@gpdjs/core'

/** A feature as error messages describe it. */
export interface Feature {
  /** With the batch axis, whose size may not be known yet. */
  readonly shape: readonly (number | 'batch')[]
  /** The tap it comes from, where it has a name. */
  readonly tap?: string
}

const describe = (side: string, { shape, tap }: Feature): string =>
  `${side}${tap === undefined ? '' : ` '${tap}'`} [${shape.join(', ')}]`

export const describePair = (student: Feature, teacher: Feature): string =>
  `${describe('student', student)} and ${describe('teacher', teacher)}`

/** @throws GpdError `config.invalid` for anything without a shape, such as a list of numbers */
function checkShaped(where: string, features: readonly Partial<Feature>[]): void {
  const other = features.find(({ shape }) => !Array.isArray(shape))
  if (other === undefined) return
  throw new GpdError(
    'config.invalid',
    `${where}: expected tensors, got ${show(other)}.`,
    'Make them: tf.tensor(values).',
  )
}

/** @throws GpdError `network.shape` unless both have the same number of samples, `config.invalid` for no tensors */
export function checkBatch(where: string, student: Feature, teacher: Feature): void {
  checkShaped(where, [student, teacher])
  if (student.shape[0] === teacher.shape[0]) return
  const problem = `${where}: expected as many samples on both sides, got ${describePair(student, teacher)}.`
  throw new GpdError('network.shape', problem, 'Run both networks on the same images.')
}

/** @throws GpdError `network.shape` unless both are feature maps `[batch, height, width, channels]` */
export function checkMaps(where: string, student: Feature, teacher: Feature): void {
  checkBatch(where, student, teacher)
  if (student.shape.length === 4 && teacher.shape.length === 4) return
  const problem = `${where}: expected maps [batch, height, width, channels], got ${describePair(student, teacher)}.`
  throw new GpdError('network.shape', problem, 'Name taps before the pooling.')
}

/** @throws GpdError `network.shape` unless both shapes are equal */
export function checkSameShape(where: string, student: Feature, teacher: Feature, fix: string): void {
  checkBatch(where, student, teacher)
  if (student.shape.join() === teacher.shape.join()) return
  const problem = `${where}: expected features of one shape, got ${describePair(student, teacher)}.`
  throw new GpdError('network.shape', problem, fix)
}

/** @throws GpdError `data.mismatch` for a batch so small that the loss would have no gradient */
export function checkLeastBatch(where: string, { shape }: Feature, least: number): void {
  const [batch] = shape
  if (batch === 'batch' || batch! >= least) return
  const problem = `${where}: expected a batch of at least ${least} images to compare, got ${batch}.`
  throw new GpdError('data.mismatch', problem, 'Raise the batch size, or drop a last batch that is not full.')
}
