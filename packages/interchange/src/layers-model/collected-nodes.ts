import * as tf from '@tensorflow/tfjs'
import { IMAGE, type NetworkNode, type OpCall } from '@gpdjs/core'
import type { NodeTensors } from './layer.ts'

/** A network in the making: nodes in the order in which they run, and copies of their tensors. */
export class CollectedNodes {
  readonly nodes: NetworkNode[] = []
  readonly parameters: Record<string, tf.Tensor> = {}
  readonly statistics: Record<string, tf.Tensor> = {}
  readonly #ids = new Set<string>([IMAGE])

  /** @returns the node's id: the name, or `<name>_2` where a layer is applied again */
  place(
    name: string,
    node: OpCall & Omit<NetworkNode, 'id'>,
    { parameters = {}, statistics = {} }: NodeTensors,
  ): string {
    const id = this.#freshId(name)
    this.nodes.push({ id, ...node })
    copyInto(this.parameters, id, parameters)
    copyInto(this.statistics, id, statistics)
    return id
  }

  #freshId(name: string): string {
    let id = name
    for (let count = 2; this.#ids.has(id); count++) id = `${name}_${count}`
    this.#ids.add(id)
    return id
  }
}

function copyInto(record: Record<string, tf.Tensor>, id: string, tensors: Readonly<Record<string, tf.Tensor>>): void {
  for (const [name, tensor] of Object.entries(tensors)) record[`${id}.${name}`] = tf.keep(tf.clone(tensor))
}
