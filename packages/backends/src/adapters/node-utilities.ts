import util from 'node:util'

/** tfjs-node 4.22 calls them: they are gone since Node 23, and deprecated with a warning before. */
export const restoreNodeUtilities = (): void =>
  void Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  })
