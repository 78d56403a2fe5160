import { didYouMean, GpdError, type Network, type Shape } from '@gpdjs/core'
import { checkOptions, commonRules } from './options.ts'
import { resnet } from './resnet/resnet.ts'

/** What is open once a network has been chosen by name. */
export interface NetworkOptions {
  readonly classes: number
  /** `[height, width, channels]`. Default: what the network was published for. */
  readonly inputShape?: Shape
  /** Channels of the first stage. Default: as published. */
  readonly width?: number
}

export type NetworkFactory = (options: NetworkOptions) => Network

const resnetDepths = [8, 14, 18, 20, 32, 34, 44, 50, 56, 110]

/**
 * Every network of this package by its name, smaller ones of a family first.
 *
 * @example networks['resnet20']?.({ classes: 10 })
 */
export const networks: Readonly<Record<string, NetworkFactory>> = Object.fromEntries(
  resnetDepths.map((depth): [string, NetworkFactory] => {
    const name = `resnet${depth}`
    const create: NetworkFactory = (options) => {
      checkOptions(name, commonRules, options)
      return resnet({ ...options, depth })
    }
    return [name, create]
  }),
)

/**
 * Names of networks, those that match a pattern.
 *
 * @param pattern `*` stands for any characters, `?` for one. Default: all names
 * @example listNetworks('resnet?') // ['resnet8']
 */
export function listNetworks(pattern = '*'): string[] {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  const expression = new RegExp(`^${literal.replace(/\*+/g, '.*').replaceAll('?', '.')}$`)
  return Object.keys(networks).filter((name) => expression.test(name))
}

/**
 * Builds a network by name.
 *
 * @throws GpdError `config.invalid` for an unknown name, with the nearest known one; `config.invalid`, `config.missing`
 *   or `config.unknown-key` for its options
 * @example createNetwork('resnet20', { classes: 10 })
 */
export function createNetwork(name: string, options: NetworkOptions): Network {
  const create = Object.hasOwn(networks, name) ? networks[name] : undefined
  if (create !== undefined) return create(options)
  throw new GpdError('config.invalid', `createNetwork: unknown network '${name}'.`, didYouMean(name, listNetworks()))
}
