import { GpdError, type Network } from '@gpdjs/core'

/** The output and the field of tasks that give every sample labels. */
export const OUTPUT = 'logits'
export const LABEL = 'label'

/** How many logits a network puts out for each sample. */
export const logitsOf = ({ shapes, outputs }: Network): number => shapes[outputs[OUTPUT]!]!.at(-1)!

/** Those of the first of some networks, with its name: all have as many. */
export function firstOf(networks: Readonly<Record<string, Network>>): {
  readonly name: string
  readonly logits: number
} {
  const [[name, network]] = Object.entries(networks) as [[string, Network]]
  return { name, logits: logitsOf(network) }
}

/**
 * @param what of which there are as many as logits: `'classes'`, `'labels'`
 * @throws GpdError `data.mismatch` unless all networks have as many
 */
export function checkNetworks(networks: Readonly<Record<string, Network>>, what: string): void {
  const { logits } = firstOf(networks)
  const other = Object.entries(networks).find(([, network]) => logitsOf(network) !== logits)
  if (!other) return
  throw new GpdError(
    'data.mismatch',
    `'${other[0]}' has ${logitsOf(other[1])} ${what}, the student ${logits}.`,
    `Distillation of logits needs the same ${what} in the same order.`,
  )
}
