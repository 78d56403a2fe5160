import { COMPARISONS, KERNEL_GOAL, MEMORY_GOAL, type ArmId } from './goals.ts'
import type { Spread } from './interleave.ts'
import type { KernelRow, KernelTable } from './kernels.ts'
import { describeNetwork, NETWORKS, type NetworkName } from './networks.ts'

export interface Machine {
  readonly node: string
  readonly cpu: string
  readonly cores: number
  readonly system: string
}

/** What a run of the benchmark found: the content of its JSON. Times in milliseconds, memory in MB (10⁶ bytes). */
export interface BenchReport {
  readonly schema: 1
  /** ISO 8601 */
  readonly measured: string
  readonly machine: Machine
  readonly rounds: number
  /** By contestant: `TensorFlow 2.21.0 …`. */
  readonly versions: Readonly<Record<string, string>>
  /** What could not be measured here, and what to install. */
  readonly leftOut: readonly string[]
  readonly steps?: Readonly<Partial<Record<NetworkName, StepTimes>>>
  readonly memory?: Readonly<Record<string, number>>
  readonly kernels?: readonly KernelTable[]
}

export type StepTimes = Readonly<Record<ArmId, Spread>>

/** A measured ratio beside what it may be. */
export interface Ratio {
  readonly label: string
  readonly value: number
  readonly atMost: number | undefined
}

export type Row = readonly string[]

export interface Table {
  readonly title: string
  readonly head: Row
  readonly rows: readonly Row[]
}

/** The ratios that a network's times allow. */
export function ratiosOf(network: NetworkName, times: StepTimes): Ratio[] {
  return COMPARISONS.flatMap(({ of, to, atMost }) => {
    const [above, below] = [times[of], times[to]]
    if (above === undefined || below === undefined) return []
    return [{ label: `${of} ÷ ${to}`, value: above.median / below.median, atMost: atMost[network] }]
  })
}

/** `1.31 ✗ (≤ 1.15)` */
function judged({ value, atMost }: Omit<Ratio, 'label'>): string {
  const number = value.toFixed(2)
  return atMost === undefined ? number : `${number} ${value <= atMost ? '✓' : '✗'} (≤ ${atMost})`
}

const spread = ({ median, min, max }: Spread) => `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`
const union = (lists: readonly (readonly string[])[]) => [...new Set(lists.flat())]

function stepTables(steps: NonNullable<BenchReport['steps']>): Table[] {
  const networks = Object.entries(steps) as [NetworkName, StepTimes][]
  const arms = union(networks.map(([, times]) => Object.keys(times))) as ArmId[]
  const ratios = new Map(networks.map(([name, times]) => [name, ratiosOf(name, times)]))
  const labels = union([...ratios.values()].map((list) => list.map(({ label }) => label)))
  const cell = (name: NetworkName, label: string) => ratios.get(name)!.find((ratio) => ratio.label === label)
  return [
    {
      title: 'Milliseconds per step: median (least–most)',
      head: ['network', ...arms],
      rows: networks.map(([name, times]) => [name, ...arms.map((arm) => (times[arm] ? spread(times[arm]) : '–'))]),
    },
    {
      title: 'Ratios of the medians (goal)',
      head: ['network', ...labels],
      rows: networks.map(([name]) => [
        name,
        ...labels.map((label) => {
          const ratio = cell(name, label)
          return ratio === undefined ? '–' : judged(ratio)
        }),
      ]),
    },
    {
      title: 'Networks',
      head: ['network'],
      rows: networks.map(([name]) => [`${name}: ${describeNetwork(NETWORKS[name])}`]),
    },
  ]
}

function memoryTable(memory: NonNullable<BenchReport['memory']>): Table {
  const { PyTorch: reference } = memory
  const { network, atMost } = MEMORY_GOAL
  return {
    title: `Peak resident memory of a process that takes GPD steps of network ${network}`,
    head: ['', 'MB', '÷ PyTorch'],
    rows: Object.entries(memory).map(([name, megabytes]) => {
      const goal = name === 'tensorflow' ? atMost : undefined
      const ratio = reference === undefined ? '–' : judged({ value: megabytes / reference, atMost: goal })
      return [name, megabytes.toFixed(0), ratio]
    }),
  }
}

function kernelTable({ title, flops, rows }: KernelTable): Table {
  const first = rows[0]!.milliseconds.median
  return {
    title,
    head: ['', 'ms', flops === undefined ? 'ratio' : `ratio (≤ ${KERNEL_GOAL})`, 'GFLOP/s'],
    rows: rows.map(({ name, milliseconds: { median } }) => {
      const ratio = median / first
      const above = flops !== undefined && ratio > KERNEL_GOAL
      const rate = flops === undefined ? '–' : (flops / median / 1e6).toFixed(1)
      return [name, median.toFixed(2), `${ratio.toFixed(2)}${above ? ' ✗' : ''}`, rate]
    }),
  }
}

/** One line for each product and convolution: its speed, and its slowest transposition or gradient. */
function kernelSummary(kernels: NonNullable<BenchReport['kernels']>): Table {
  return {
    title: `Products and convolutions, and their slowest form beside the plain one (≤ ${KERNEL_GOAL})`,
    head: ['', 'ms', 'GFLOP/s', 'slowest', 'ratio'],
    rows: kernels.flatMap(({ title, flops, rows }) => {
      if (flops === undefined) return []
      const [{ milliseconds: plain }] = rows as [KernelRow]
      const slowest = rows.reduce((a, b) => (a.milliseconds.median >= b.milliseconds.median ? a : b))
      const ratio = slowest.milliseconds.median / plain.median
      const mark = ratio > KERNEL_GOAL ? ' ✗' : ''
      return [
        [
          title,
          plain.median.toFixed(2),
          (flops / plain.median / 1e6).toFixed(1),
          slowest.name,
          ratio.toFixed(2) + mark,
        ],
      ]
    }),
  }
}

/** Everything a report has, as tables. */
export const tablesOf = ({ steps, memory, kernels }: BenchReport): Table[] => [
  ...(steps ? stepTables(steps) : []),
  ...(memory ? [memoryTable(memory)] : []),
  ...(kernels ? [...kernels.map(kernelTable), kernelSummary(kernels)] : []),
]

/** The same without every single kernel. */
export const pageTables = ({ kernels, ...report }: BenchReport): Table[] => [
  ...tablesOf(report),
  ...(kernels ? [kernelSummary(kernels)] : []),
]

/** What ran on what. */
export function provenance({ machine, versions, rounds, measured }: BenchReport): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name}: ${version}`)
  const place = `${machine.cores} cores (${machine.cpu}), ${machine.system}, Node ${machine.node}`
  return [`${measured.slice(0, 10)}, ${place}, ${rounds} rounds`, ...programs].join('; ')
}
