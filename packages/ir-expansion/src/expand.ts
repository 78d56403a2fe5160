import {
  defineNetwork,
  networkDefinition,
  widenNetwork,
  GpdError,
  type BranchMerge,
  type Expansion,
  type GroupRatios,
  type Network,
  type Parameterization,
  type ParameterSpec,
  type StoredParameter,
} from '@gpdjs/core'
import { branchSite, type BranchSet, type BranchSite } from './branches/branch-set.ts'

export interface ExpandOptions {
  /** How many times wider the dynamic teacher is: an integer ≥ 1. */
  readonly ratio: number
  /** Layers whose channels are expanded, by node id; a channel group is expanded if all its layers are. Default all. */
  readonly layers?: (node: string) => boolean
  /** Default `reference`. */
  readonly parameterization?: Parameterization
  /** Default none: one kernel per convolution. */
  readonly branches?: BranchSet
}

/** Ratio of every expandable channel group; a group is kept if any node that makes its channels is filtered out. */
function groupRatios(student: Network, { ratio, layers = () => true }: ExpandOptions): GroupRatios {
  if (!Number.isInteger(ratio) || ratio < 1) {
    throw new GpdError(
      'config.invalid',
      `inverseReparameterization: ratio: expected a positive integer, got ${String(ratio)}.`,
      'Use 1, 2, 3, …',
    )
  }
  const makers = new Set(
    student.parameters
      .filter(({ axes }) => axes.some(({ role }) => role === 'output'))
      .map(({ node }) => node),
  )
  const kept = new Set<string | null>()
  for (const node of student.nodes) {
    if (!makers.has(node.id) || layers(node.id)) continue
    for (const { group } of student.channels[node.id]!) kept.add(group)
  }
  return Object.fromEntries(student.groups.map((group) => [group, kept.has(group) ? 1 : ratio]))
}

function branchSites(student: Network, branches: BranchSet): BranchSite[] {
  const weights = new Map(student.parameters.map((parameter) => [parameter.name, parameter]))
  return student.nodes.flatMap((node) => {
    const weight = weights.get(`${node.id}.weight`)
    const site = weight && branchSite(node, weight)
    return site && branches.accepts(site) ? [site] : []
  })
}

/** The same student with a bias at every site. */
function withBiases(student: Network, sites: readonly BranchSite[]): Network {
  const branched = new Set(sites.map(({ node }) => node.id))
  const nodes = student.nodes.map((node) =>
    branched.has(node.id) ? { ...node, attributes: { ...node.attributes, useBias: true } } : node,
  )
  return defineNetwork({ ...networkDefinition(student), nodes })
}

const storedName = (parameter: string, tensor: string) => `${parameter}.${tensor}`

function siteTensors(site: BranchSite, branches: BranchSet): StoredParameter[] {
  return Object.entries(branches.tensors(site)).map(([short, { values, ...tensor }]) => ({
    ...tensor,
    name: storedName(site.weight.name, short),
    node: site.node.id,
    shape: tensor.axes.map(({ segments }) => segments.reduce((sum, { size }) => sum + size, 0)),
    trainable: values === undefined,
    ...(values && { values }),
  }))
}

function siteMerge(site: BranchSite, branches: BranchSet): BranchMerge {
  const shorts = Object.keys(branches.tensors(site))
  return {
    parameter: site.weight.name,
    node: site.node.id,
    ...(branches.useBias && { bias: `${site.node.id}.bias` }),
    stored: Object.fromEntries(shorts.map((short) => [short, storedName(site.weight.name, short)])),
    merge: (tensors) => branches.merge(site, tensors),
    parts: (tensors, positions) => branches.parts?.(site, tensors, positions),
    fromKernel: (kernel) => branches.fromKernel(site, kernel),
  }
}

const unbranched = (parameter: ParameterSpec): StoredParameter => ({ ...parameter, trainable: true })

/**
 * Plans the dynamic teacher of a student: which tensors are stored, and how student and teacher are read from them.
 * Nothing is computed yet; see `liftParameters`.
 *
 * @throws GpdError `config.invalid` unless the ratio is a positive integer
 */
export function expand(plain: Network, options: ExpandOptions): Expansion {
  const { branches, parameterization = 'reference' } = options
  const found = branches === undefined ? [] : branchSites(plain, branches)
  const student = branches?.useBias ? withBiases(plain, found) : plain
  const ratios = groupRatios(student, options)
  const sites = branches === undefined ? [] : branchSites(student, branches)
  const siteOf = new Map(sites.map((site) => [site.weight.name, site]))
  return {
    student,
    teacher: widenNetwork(student, ratios),
    ratios,
    parameterization,
    stored: student.parameters.flatMap((parameter) => {
      const site = siteOf.get(parameter.name)
      return site && branches ? siteTensors(site, branches) : [unbranched(parameter)]
    }),
    merges: branches === undefined ? [] : sites.map((site) => siteMerge(site, branches)),
  }
}
