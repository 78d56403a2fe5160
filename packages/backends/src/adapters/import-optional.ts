/** A module's exports, wherever the interop between module systems has put them. */
type Imported<M> = M & { readonly default?: M }

const NOT_FOUND = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']

/** In one line: what is wrong with a package that could not be imported. */
function problemWith(name: string, error: unknown): string {
  const { message = String(error), code } = error as Partial<Error & { code: string }>
  // An installed package may lack one of its own dependencies: then the error names that one.
  if (code !== undefined && NOT_FOUND.includes(code) && message.includes(`'${name}'`)) return `${name} is not installed`
  return `${name} does not load (${message.split('\n')[0]})`
}

/**
 * Imports an optional package. By default the name is resolved at run time, so that neither bundlers nor type declarations
 * need the package. Give `load` if a bundler must find the import, and put the import into its own `try`: there a missing
 * package is a warning for bundlers, anywhere else an error.
 *
 * @throws Error in one line if the package is missing or does not load
 */
export async function importOptional<M extends object>(name: string, load?: () => Promise<unknown>): Promise<M> {
  try {
    const loaded = await (load === undefined ? import(/* @vite-ignore */ /* webpackIgnore: true */ name) : load())
    return (loaded as Imported<M>).default ?? (loaded as M)
  } catch (cause) {
    throw new Error(problemWith(name, cause), { cause })
  }
}
