import { GpdError, type ExpectedField, type FieldSpec, type Network, type Task } from '@gpdjs/core'

type FieldSpecs = Readonly<Record<string, FieldSpec>>

const described = ({ dtype, shape }: ExpectedField): string => (shape ? `${dtype} [${shape.join(', ')}]` : dtype)

/** Names stand for any size. */
const fits = (found: FieldSpec, { dtype, shape }: ExpectedField): boolean =>
  found.dtype === dtype &&
  (shape === undefined ||
    (shape.length === found.shape.length &&
      shape.every((size, axis) => typeof size === 'string' || size === found.shape[axis])))

/** @throws GpdError `data.missing`, `data.mismatch` for a field that is not there, or like nothing that is expected */
export function checkField(
  reader: string,
  name: string,
  expected: ExpectedField | readonly ExpectedField[],
  source: string,
  fields: FieldSpecs,
): void {
  const found = fields[name]
  if (found === undefined) {
    const problem = `${reader} reads the field '${name}', which the ${source} data does not have.`
    throw new GpdError('data.missing', problem, `It has ${Object.keys(fields).join(', ') || 'none'}.`)
  }
  const accepted = [expected].flat()
  if (accepted.some((one) => fits(found, one))) return
  const shown = accepted.map(described).join(' or ')
  const problem = `${reader} reads the field '${name}' as ${shown}, the ${source} data has ${described(found)}.`
  throw new GpdError('data.mismatch', problem, 'Change the network, or what the data gives.')
}

/**
 * Checks that a source gives what networks and task read, and that the networks put out what the task reads.
 *
 * @param networks by the names that messages use
 * @param source what messages call it
 * @throws GpdError `data.missing`, `data.mismatch`, `network.invalid`, naming both sides
 */
export function checkSource(
  task: Task,
  networks: Readonly<Record<string, Network>>,
  source: string,
  fields: FieldSpecs,
): void {
  checkOutputs(task, networks)
  for (const [name, network] of Object.entries(networks))
    for (const [input, spec] of Object.entries(network.inputs)) checkField(`'${name}'`, input, spec, source, fields)
  checkTask(task, networks, source, fields)
}

/** @throws GpdError `network.invalid` for a network without an output that the task reads */
export function checkOutputs(task: Task, networks: Readonly<Record<string, Network>>): void {
  for (const [name, { outputs }] of Object.entries(networks)) {
    const missing = task.outputs.find((output) => !(output in outputs))
    if (missing === undefined) continue
    const problem = `Task '${task.name}' reads the output '${missing}', which the network of '${name}' does not have.`
    throw new GpdError('network.invalid', problem, `It has ${Object.keys(outputs).join(', ')}.`)
  }
}

/** The task's own fields, and what it checks itself. */
export function checkTask(
  task: Task,
  networks: Readonly<Record<string, Network>>,
  source: string,
  fields: FieldSpecs,
): void {
  for (const [name, spec] of Object.entries(task.fields)) checkField(`Task '${task.name}'`, name, spec, source, fields)
  task.check?.(networks, fields, source)
}
