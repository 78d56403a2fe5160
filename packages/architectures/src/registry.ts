import { didYouMean, fillOptions, GpdError, type Network } from '@gpdjs/core'
import { catalog, NETWORK, type NetworkOptions } from './catalog.ts'

/**
 * Names of the networks that `createNetwork` makes, in alphabetical order of their kind and size.
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
  return Object.keys(catalog)
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
  const make = Object.hasOwn(catalog, name) ? catalog[name] : undefined
  if (!make) throw new GpdError('config.invalid', `No network is called '${name}'.`, didYouMean(name, listNetworks()))
  return make(fillOptions(name, NETWORK, options))
}
