import { checkArgument } from '@gpdjs/core'
import { optimizerKind, transformKind, type GradientTransform, type Optimizer } from './optimizer.ts'

/**
 * An optimizer whose gradients first go through transforms, applied from left to right. It may be the last part of
 * another chain.
 *
 * @throws GpdError `config.invalid` unless the last part is an optimizer and the others are transforms
 * @example chain(clip(5), sgd({ learningRate: 0.1, momentum: 0.9 }))
 */
export function chain(...parts: readonly [...GradientTransform[], Optimizer]): Optimizer {
  const optimizer = checkArgument('chain', 'the last part', optimizerKind, parts.at(-1))
  const changes = parts.slice(0, -1).map((part, i) => checkArgument('chain', `part ${i + 1}`, transformKind, part))
  return {
    name: parts.map(({ name }) => name).join(', '),
    init: (trainables) => optimizer.init(trainables),
    update({ gradients, ...context }) {
      const transformed = changes.reduce((current, part) => part.transform(current), gradients)
      return optimizer.update({ ...context, gradients: transformed })
    },
    rates: (progress) => optimizer.rates(progress),
    moves: (name, progress) => optimizer.moves?.(name, progress) ?? true,
  }
}
