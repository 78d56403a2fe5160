import * as tf from '@tensorflow/tfjs'
import { defineOp, GpdError, graph, registerOp, type Network, type Shape } from '@gpdjs/core'
import { givesProbabilities, type Metadata } from './metadata.ts'
import type { Saved } from './saved.ts'

/** The smallest normal number of 32 bits: the logarithm of a probability that was rounded to 0 stays finite. */
const SMALLEST = 2 ** -126

const isShape = (sizes: readonly (number | null)[]): sizes is Shape => sizes.every((size) => size !== null)

/** Texts only: what else a file holds is for others. */
const textsOf = (metadata: object | undefined): Metadata =>
  Object.fromEntries(
    Object.entries(metadata ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )

function endsOf({ inputs, outputs, name }: tf.LayersModel, source: string): { image: Shape; classes: number } {
  const [image, scores] = [inputs[0]?.shape.slice(1) ?? [], outputs[0]?.shape.slice(1) ?? []]
  const [classes] = scores
  const single = inputs.length === 1 && outputs.length === 1
  if (single && image.length === 3 && isShape(image) && scores.length === 1 && typeof classes === 'number') {
    return { image, classes }
  }
  throw new GpdError(
    'network.shape',
    `${source}: expected a model of one image [height, width, channels] with scores [classes], got '${name}' with inputs ${JSON.stringify(inputs.map(({ shape }) => shape))} and outputs ${JSON.stringify(outputs.map(({ shape }) => shape))}.`,
  )
}

let count = 0

/** A network with one node: TensorFlow.js itself runs the model, so that what is measured is the file and not a conversion. */
function networkOf(model: tf.LayersModel, source: string, probabilities: boolean): Network {
  const { image, classes } = endsOf(model, source)
  const op = defineOp({
    name: `layersModel${++count}`,
    infer: ({ groups, node }) => ({ shape: [classes], channels: groups.start(node, classes) }),
    apply({ inputs: [x] }) {
      const scores = model.predict(x!, { batchSize: x!.shape[0]! }) as tf.Tensor
      return probabilities ? tf.log(tf.maximum(scores, SMALLEST)) : scores
    },
  })
  registerOp(op)
  const g = graph({ name: model.name, inputShape: [...image] })
  return g.build(g.add('model', op(), 'image'))
}

/**
 * A `tf.LayersModel` as a model of this project, which gives logits: those of the file, or logarithms of its probabilities,
 * which serve as logits just as well.
 *
 * @param source for messages
 * @throws GpdError `network.shape` unless it takes one image and gives one vector of scores
 */
export function asModel(model: tf.LayersModel, source: string): Saved {
  const metadata = textsOf(model.getUserDefinedMetadata())
  const network = networkOf(model, source, givesProbabilities(metadata))
  return { model: { network, parameters: {}, statistics: {} }, metadata, dispose: () => void model.dispose() }
}
