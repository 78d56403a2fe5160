/** A module's exports, wherever the interop between module systems has put them. */
type Imported<M> = M & { readonly default?: M }

/**
 * Imports an optional package. By default the name is handed over at run time, so that neither bundlers nor type
 * declarations need the package; give `load` where a bundler should see the import.
 *
 * @throws Error in one line if the package is missing or does not load
 */
export async function importOptional<M extends object>(name: string, load?: () => Promise<unknown>): Promise<M> {
  try {
    const loaded = (await (load === undefined
      ? import(/* @vite-ignore */ /* webpackIgnore: true */ name)
      : load())) as Imported<M>
    return loaded.default ?? loaded
  } catch (cause) {
    const [line] = String(cause instanceof Error ? cause.message : cause).split('\n')
    throw new Error(`${name}: ${line}`, { cause })
  }
}
