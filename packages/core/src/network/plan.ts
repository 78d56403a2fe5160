import { fusions } from '../ops/fusions.ts'
import type { Fusion } from '../ops/op.ts'
import type { Network, NetworkNode } from './network.ts'

/** One node, or several that are computed as one. */
export interface Step {
  /** The last node's: the value that is made. */
  readonly id: string
  /** The values that are read, the first node's first. */
  readonly inputs: readonly string[]
  /** The first node. */
  readonly node: NetworkNode
  /** What computes the nodes where there are several. */
  readonly fusion?: Fusion
}

type Nodes = readonly NetworkNode[]

/** The nodes that the wanted nodes are computed from, in order. */
export function neededNodes({ nodes }: Network, wanted: ReadonlySet<string>): Nodes {
  const needed = new Set(wanted)
  const backwards = [...nodes].reverse().filter(({ id, inputs }) => {
    if (needed.has(id)) for (const input of inputs) needed.add(input)
    return needed.has(id)
  })
  return backwards.reverse()
}

/** The node that reads a node's result, where that is one node and the result is not returned. */
function soleReaders(nodes: Nodes, wanted: ReadonlySet<string>): ReadonlyMap<string, NetworkNode> {
  const readers = new Map<string, NetworkNode[]>(nodes.map(({ id }) => [id, []]))
  for (const node of nodes) for (const input of node.inputs) readers.get(input)?.push(node)
  return new Map(
    [...readers].flatMap(([id, [reader, ...more]]) =>
      reader === undefined || more.length > 0 || wanted.has(id) ? [] : [[id, reader]],
    ),
  )
}

/** The nodes that a fusion would compute from this one on, if they are there and all they read has one shape. */
function chainFrom(
  first: NetworkNode,
  { ops }: Fusion,
  next: ReadonlyMap<string, NetworkNode>,
  { shapes }: Network,
): Nodes | undefined {
  const chain = [first]
  for (let node = next.get(first.id); node !== undefined && chain.length < ops.length; node = next.get(node.id))
    chain.push(node)
  const shape = shapes[first.id]!.join()
  const alike = (inputs: readonly string[]) =>
    inputs.length <= 2 && inputs.every((input) => shapes[input]!.join() === shape)
  const fits = chain.every(({ op, inputs }, i) => op === ops[i] && (i === 0 || alike(inputs)))
  return fits && chain.length === ops.length ? chain : undefined
}

function fusedStep(chain: Nodes, fusion: Fusion): Step {
  const ids = new Set(chain.map(({ id }) => id))
  const others = chain.slice(1).flatMap(({ inputs }) => inputs.filter((input) => !ids.has(input)))
  const node = chain[0]!
  return { id: chain.at(-1)!.id, inputs: [...node.inputs, ...others], node, fusion }
}

/**
 * In which steps a network is computed: the nodes that are needed in order, those that can be fused taken together in the
 * last one's place.
 *
 * @param wanted nodes whose own results are returned: in a chain they can only be last. Nodes that none of these is
 *   computed from are left out
 */
export function planOf(network: Network, wanted: ReadonlySet<string>): readonly Step[] {
  const nodes = neededNodes(network, wanted)
  const next = soleReaders(nodes, wanted)
  const steps = new Map<string, Step>()
  const taken = new Set<string>()
  for (const node of nodes) {
    if (taken.has(node.id)) continue
    const candidates = fusions.map((fusion) => ({ fusion, chain: chainFrom(node, fusion, next, network) }))
    const found = candidates.find(({ chain }) => chain !== undefined && !chain.some(({ id }) => taken.has(id)))
    const step = found ? fusedStep(found.chain!, found.fusion) : { id: node.id, inputs: node.inputs, node }
    for (const { id } of found?.chain ?? [node]) taken.add(id)
    steps.set(step.id, step)
  }
  return nodes.flatMap(({ id }) => steps.get(id) ?? [])
}
