import type { ArmName, NetworkName } from './networks.ts'

/** A backend and the step it takes: `tensorflow gpd`. */
export type ArmId = `${string} ${ArmName}`

export interface Comparison {
  readonly of: ArmId
  readonly to: ArmId
  /** The ratio of their times that the project means to keep, by network. */
  readonly atMost: Partial<Readonly<Record<NetworkName, number>>>
}

/** Ratios of step times, one column of the table each. */
export const COMPARISONS: readonly Comparison[] = [
  { of: 'tensorflow plain', to: 'PyTorch plain', atMost: { A: 1.15, B: 1.15, C: 1.15, D: 1.15 } },
  { of: 'tensorflow gpd', to: 'PyTorch plain', atMost: { A: 5, B: 5, C: 6, D: 4.5 } },
  { of: 'tensorflow gpd', to: 'PyTorch gpd', atMost: {} },
  { of: 'tensorflow gpd', to: 'tensorflow plain', atMost: {} },
  { of: 'wasm gpd', to: 'tensorflow gpd', atMost: { A: 6, D: 6, E: 6 } },
  { of: 'wasm gpd', to: 'wasm plain', atMost: {} },
]

/** Peak memory of a native GPD step beside that of the same step in PyTorch. */
export const MEMORY_GOAL = { network: 'B', atMost: 1.3 } as const satisfies { network: NetworkName; atMost: number }

/** Time of any product or gradient of a convolution beside the plain one of as many operations. */
export const KERNEL_GOAL = 1.3

/** wasm is slow: unless it is given by name, it runs only where a goal names it. */
export const runsByDefault = (backend: string, network: NetworkName): boolean =>
  backend !== 'wasm' || COMPARISONS.some(({ of, atMost }) => of.startsWith('wasm ') && network in atMost)
