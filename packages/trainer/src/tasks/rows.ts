import { GpdError, type Fields, type Rows, type Task } from '@gpdjs/core'

const shown = (shape: readonly number[]): string => `[${shape.join(', ')}]`

/**
 * What a task makes of some outputs, one row for each label.
 *
 * @throws GpdError `plugin.invalid` for rows that do not fit together
 */
export function rowsOf(task: Task, outputs: Fields, fields: Fields): Rows {
  const given = task.rows(outputs, fields)
  const { logits, labels, weights } = given
  const [rows] = logits.shape
  const refuse = (what: string, expected: string, { shape }: { readonly shape: readonly number[] }) => {
    const problem = `Task '${task.name}': expected ${what} of shape ${expected}, got ${shown(shape)}.`
    throw new GpdError('plugin.invalid', problem, 'Return one row of logits for each label from its rows().')
  }
  if (logits.rank !== 2) refuse('logits', '[rows, classes]', logits)
  if (labels.shape[0] !== rows || (labels.rank !== 1 && labels.rank !== 2))
    refuse('labels', `[${rows}] or [${rows}, classes]`, labels)
  if (weights && (weights.rank !== 1 || weights.shape[0] !== rows)) refuse('weights', `[${rows}]`, weights)
  return given as Rows
}
