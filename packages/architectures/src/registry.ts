import { didYouMean, GpdError, type Network, type Shape } from '@gpdjs/core'
import { cifarResnet } from './cifar-resnet.ts'
import { imagenetResnet } from './imagenet-resnet.ts'
import { checkOptions, commonRules } from './options.ts'

/** What every registered network can be asked for. */
export interface NetworkOptions {
  readonly classes: number
  readonly inputShape?: Shape
  /** Channels of the first stage. */
  readonly width?: number
}

const CIFAR_DEPTHS = [8, 14, 20, 26, 32, 44, 56, 110]
const IMAGENET_DEPTHS = [18, 34, 50, 101, 152]

const entries: readonly (readonly [name: string, make: (options: NetworkOptions) => Network])[] = [
  ...CIFAR_DEPTHS.map(
    (depth) => [`resnet${depth}`, (options: NetworkOptions) => cifarResnet({ ...options, depth })] as const,
  ),
  ...IMAGENET_DEPTHS.map(
    (depth) => [`resnet${depth}`, (options: NetworkOptions) => imagenetResnet({ ...options, depth })] as const,
  ),
]

const networks = new Map(entries)

/**
 * Names of the networks that `createNetwork` knows, in alphabetical order of their kind and size.
 *
 * @param pattern `*` stands for anything: `'resnet*'`
 */
export function listNetworks(pattern = '*'): string[] {
  const matcher = new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
  )
  return [...networks.keys()]
    .filter((name) => matcher.test(name))
    .sort(new Intl.Collator('en', { numeric: true }).compare)
}

/**
 * A network by its name.
 *
 * @throws GpdError `config.invalid` with the nearest name, or for options out of range; `config.missing` without classes;
 *   `config.unknown-key` for options that a name leaves no choice in (`depth`) or that do not exist
 * @example createNetwork('resnet20', { classes: 10 })
 */
export function createNetwork(name: string, options: NetworkOptions): Network {
  const make = networks.get(name)
  if (!make) throw new GpdError('config.invalid', `No network is called '${name}'.`, didYouMean(name, listNetworks()))
  checkOptions(name, commonRules, options)
  return make(options)
}
