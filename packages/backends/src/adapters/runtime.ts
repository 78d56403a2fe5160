/** Whether this is Node: browsers have neither its modules nor packages that can be found by name. */
export const isNode = (): boolean =>
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined
