import {
  sizeOf,
  axesShape,
  defineNetwork,
  fillOptions,
  kinds,
  needed,
  networkDefinition,
  option,
  optional,
  widenNetwork,
  GpdError,
  type Given,
  type GroupRatios,
  type Network,
  type ParameterSpec,
  type TensorRecord,
} from '@gpdjs/core'
import { branchSetKind, branchSite, type BranchSet, type BranchSite } from './branches/branch-set.ts'
import type { BranchMerge, Expansion, Parameterization, StoredParameter } from './expansion/expansion.ts'

export const EXPAND_OPTIONS = {
  /** How many times wider the dynamic teacher is. */
  ratio: needed(kinds.count),
  /** Layers whose channels are expanded, by node id; a channel group is expanded if all its layers are (default: all). */
  layers: optional(kinds.functionOf<(node: string) => boolean>()),
  /** Scale at which tensors are stored: `reference` (the authors') or `balanced` (1; default `reference`). */
  parameterization: option(kinds.oneOf<Parameterization>('reference', 'balanced'), 'reference'),
  /** Branches of its kernels; frozen nodes get none (default: none, one tensor per kernel). */
  branches: optional(branchSetKind),
  /**
   * `branches`: everything that has no branches is a constant, and so is what branches stand beside (the kernel of `lowRank`;
   * default `all`).
   */
  train: option(kinds.oneOf('all', 'branches'), 'all'),
}

export type ExpandOptions = Given<typeof EXPAND_OPTIONS>

type Trained = NonNullable<ExpandOptions['train']>

/** Ratio of every expandable channel group; a group is kept if any node that makes its channels is filtered out. */
function groupRatios(student: Network, { ratio, layers = () => true }: ExpandOptions): GroupRatios {
  const makers = new Set(
    student.parameters.filter(({ axes }) => axes.some(({ role }) => role === 'output')).map(({ node }) => node),
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
    const site = weight && weight.trainable !== false && branchSite(node, weight)
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

function plainTensor(parameter: ParameterSpec, train: Trained): StoredParameter {
  const isFrozen = parameter.trainable === false
  return { ...parameter, trainable: train === 'all' && !isFrozen, ...(isFrozen && { frozen: true }) }
}

function siteTensors(site: BranchSite, branches: BranchSet, train: Trained): StoredParameter[] {
  return Object.entries(branches.tensors(site)).map(([short, { values, base, trainable = true, ...tensor }]) => ({
    ...tensor,
    name: storedName(site.weight.name, short),
    node: site.node.id,
    shape: axesShape(tensor.axes),
    trainable: trainable && values === undefined && !(base && train === 'branches'),
    ...(values && { values }),
  }))
}

/** @param teacher for the places at which the kernel is applied to each row */
function siteMerge(site: BranchSite, branches: BranchSet, teacher: Network): BranchMerge {
  const { node, weight } = site
  const shorts = Object.keys(branches.tensors(site))
  const places = sizeOf(teacher.shapes[node.id]!.slice(0, -1))
  const ofNode = (tensors: TensorRecord) =>
    Object.fromEntries(Object.entries(tensors).map(([short, tensor]) => [`${node.id}.${short}`, tensor]))
  return {
    parameter: weight.name,
    ...(branches.useBias && { bias: `${node.id}.bias` }),
    stored: Object.fromEntries(shorts.map((short) => [short, storedName(weight.name, short)])),
    merge(tensors, batch) {
      const factors = batch === undefined ? undefined : branches.factors?.(site, tensors, batch * places)
      return factors ? ofNode(factors) : { [weight.name]: branches.merge(site, tensors) }
    },
    fromKernel: (kernel) => branches.fromKernel(site, kernel),
  }
}

function checkTrained(stored: readonly StoredParameter[], train: Trained): void {
  if (train === 'all' || stored.some(({ trainable }) => trainable)) return
  throw new GpdError(
    'config.invalid',
    "expand: train: 'branches': expected branches with tensors to train, got none.",
    "Give `branches` that fit some layer of the student that is not frozen, or train: 'all'.",
  )
}

/**
 * Plans the dynamic teacher of a student: which tensors are stored, and how student and teacher are read from them.
 * Nothing is computed yet; see `liftParameters`.
 *
 * @throws GpdError `config.invalid` unless the ratio is a positive integer, and if nothing would be trained
 */
export function expand(plain: Network, options: ExpandOptions): Expansion {
  const { branches, parameterization, train } = fillOptions('expand', EXPAND_OPTIONS, options)
  const found = branches === undefined ? [] : branchSites(plain, branches)
  const student = branches?.useBias ? withBiases(plain, found) : plain
  const ratios = groupRatios(student, options)
  const teacher = widenNetwork(student, ratios)
  const sites = branches === undefined ? [] : branchSites(student, branches)
  const siteOf = new Map(sites.map((site) => [site.weight.name, site]))
  const stored = student.parameters.flatMap((parameter): StoredParameter[] => {
    const site = siteOf.get(parameter.name)
    return site && branches ? siteTensors(site, branches, train) : [plainTensor(parameter, train)]
  })
  checkTrained(stored, train)
  const merges = branches === undefined ? [] : sites.map((site) => siteMerge(site, branches, teacher))
  return { student, teacher, ratios, parameterization, stored, merges }
}
