import type { GradientTransform, Optimizer } from './optimizer.ts'

/**
 * An optimizer whose gradients first go through transforms, applied from left to right. It may be the last part of
 * another chain.
 *
 * @example chain(clip(5), sgd({ learningRate: 0.1, momentum: 0.9 }))
 */
export function chain(...parts: readonly [...GradientTransform[], Optimizer]): Optimizer {
  const optimizer = parts.at(-1) as Optimizer
  const transforms = parts.slice(0, -1) as GradientTransform[]
  return {
    name: parts.map(({ name }) => name).join(', '),
    init: (trainables) => optimizer.init(trainables),
    update({ gradients, ...context }) {
      const transformed = transforms.reduce((current, part) => part.transform(current), gradients)
      return optimizer.update({ ...context, gradients: transformed })
    },
    rates: (progress) => optimizer.rates(progress),
    moves: (name, progress) => optimizer.moves?.(name, progress) ?? true,
  }
}
