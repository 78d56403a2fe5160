import {
  defineNetwork,
  fillOptions,
  kinds,
  needed,
  networkDefinition,
  option,
  optional,
  widenNetwork,
  type BranchMerge,
  type Expansion,
  type Given,
  type GroupRatios,
  type Network,
  type Parameterization,
  type ParameterSpec,
  type StoredParameter,
} from '@gpdjs/core'
import { branchSite, type BranchSet, type BranchSite } from './branches/branch-set.ts'

export const EXPAND_OPTIONS = {
  /** How many times wider the dynamic teacher is. */
  ratio: needed(kinds.count),
  /** Layers whose channels are expanded, by node id; a channel group is expanded if all its layers are (default: all). */
  layers: optional(kinds.functionOf<(node: string) => boolean>()),
  /** Scale at which tensors are stored: `reference` (the authors') or `balanced` (1; default `reference`). */
  parameterization: option(kinds.oneOf<Parameterization>('reference', 'balanced'), 'reference'),
  /** Branches of its 3×3 convolutions, merged before they are used (default: none, one kernel per convolution). */
  branches: optional(kinds.objectWith<BranchSet>('a set of branches such as orepa()', 'tensors', 'merge')),
}

export type ExpandOptions = Given<typeof EXPAND_OPTIONS>

/** Ratio of every expandable channel group; a group is kept if any node that makes its channels is filtered out. */
function groupRatios(student: Network, { ratio, layers = () => true }: ExpandOptions): GroupRatios {
  const makers = new Set(
    student.parameters
      .filter(({ axes }) => axes.some(({ role }) => role === 'output'))
      .map(({ name }) => name.slice(0, name.lastIndexOf('.'))),
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
    shape: tensor.axes.map(({ segments }) => segments.reduce((sum, { size }) => sum + size, 0)),
    trainable: values === undefined,
    ...(values && { values }),
  }))
}

function siteMerge(site: BranchSite, branches: BranchSet): BranchMerge {
  const shorts = Object.keys(branches.tensors(site))
  return {
    parameter: site.weight.name,
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
  const { branches, parameterization } = fillOptions('expand', EXPAND_OPTIONS, options)
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
