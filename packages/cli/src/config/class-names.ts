import { GpdError } from '@gpdjs/core'

/** @throws GpdError `config.invalid` unless there is one name for each class, and no name twice */
export function checkClassNames(key: string, names: readonly string[], classes: number): void {
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (names.length === classes && twice === undefined && !names.includes('')) return
  const found = twice === undefined ? `${names.length}` : `${JSON.stringify(twice)} twice`
  const problem = `${key}: expected ${classes} different names, one for each class, got ${found}.`
  throw new GpdError('config.invalid', problem, 'Give them in the order of the labels, from 0 on.')
}
