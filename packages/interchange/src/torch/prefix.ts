/** Counters that PyTorch keeps in a state dict beside the parameters: of batch normalization, and of averaged models. */
const COUNTERS = /(^|\.)(num_batches_tracked|n_averaged)$/

export const isCounter = (name: string): boolean => COUNTERS.test(name)

/** The part of all names up to a dot, if it is the same in all, such as `module.`. */
function commonPart(names: readonly string[]): string | undefined {
  const [first = ''] = names
  const part = first.slice(0, first.indexOf('.') + 1)
  return part !== '' && names.every((name) => name.startsWith(part)) ? part : undefined
}

/**
 * What stands in front of every name of a state dict and of no name of the network: wrappers put it there (`module.` of
 * DataParallel, `model.` of Lightning, `_orig_mod.` of torch.compile), one in another too. Empty if what is behind is not
 * of this network.
 */
export function wrapperPrefix(names: readonly string[], wanted: ReadonlySet<string>): string {
  let rest = names.filter((name) => !isCounter(name))
  let prefix = ''
  for (let part = commonPart(rest); part !== undefined; part = commonPart(rest)) {
    const wrapper = part
    if ([...wanted].some((name) => name.startsWith(wrapper))) break
    prefix += wrapper
    rest = rest.map((name) => name.slice(wrapper.length))
  }
  return rest.some((name) => wanted.has(name)) ? prefix : ''
}
