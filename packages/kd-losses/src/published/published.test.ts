import { isGpdError } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { dkdLoss } from '../logits/dkd.ts'
import { standardizeLogits } from '../logits/standardized.ts'
import { logitContext } from '../testing/features.ts'
import { published, publishedMethods, type PublishedMethod } from './index.ts'

beforeAll(() => tf.setBackend('cpu'))

/** Numbers of the papers' tables and the released code, written down once more by hand. */
const numbers: [PublishedMethod, 'cifar100' | 'imagenet', string | undefined, object][] = [
  ['kd', 'cifar100', undefined, { labelWeight: 0.1, terms: [{ weight: 0.9 }] }],
  ['kd', 'imagenet', undefined, { labelWeight: 0.5, terms: [{ weight: 0.5 }] }],
  [
    'dkd',
    'cifar100',
    'resnet56-resnet20',
    { labelWeight: 1, terms: [{ weight: 1, warmUp: { epochs: 20, first: 1 } }] },
  ],
  ['dist', 'imagenet', undefined, { terms: [{ weight: 2 }] }],
  ['standardized-kd', 'cifar100', undefined, { labelWeight: 0.1, terms: [{ weight: 9 }] }],
  ['mlkd', 'cifar100', undefined, { labelWeight: 0.1, labelViews: ['strong'], terms: [{ weight: 0.9 }] }],
  ['fitnet', 'cifar100', undefined, { terms: [{ weight: 100 }] }],
  ['at', 'imagenet', undefined, { terms: [{ weight: 1000 }] }],
  ['nst', 'cifar100', undefined, { terms: [{ weight: 50 }] }],
  ['sp', 'cifar100', undefined, { terms: [{ weight: 3000 }] }],
  ['pkt', 'cifar100', undefined, { terms: [{ weight: 30000 }] }],
  ['rkd', 'cifar100', undefined, { terms: [{ weight: 1 }] }],
  ['vid', 'cifar100', undefined, { terms: [{ weight: 1 }] }],
  ['crd', 'imagenet', undefined, { epochs: 100, terms: [{ weight: 0.8 }] }],
  [
    'review-kd',
    'cifar100',
    'resnet56-resnet20',
    { epochs: 240, terms: [{ weight: 0.6, warmUp: { epochs: 20, first: 1 } }] },
  ],
  ['review-kd', 'cifar100', 'resnet110-resnet32', { terms: [{ weight: 1 }] }],
  ['review-kd', 'cifar100', 'resnet32x4-shufflenet_v2', { terms: [{ weight: 8 }] }],
  ['review-kd', 'imagenet', undefined, { terms: [{ weight: 1, warmUp: { epochs: 1, first: 1 } }] }],
  [
    'kd++',
    'cifar100',
    'resnet32x4-resnet8x4',
    { terms: [{ weight: 3.5, warmUp: { epochs: 20, first: 0 } }, { weight: 2 }] },
  ],
  [
    'kd++',
    'imagenet',
    'resnet50-mobilenet_v1',
    { terms: [{ weight: 4, warmUp: { epochs: 5, first: 0 } }, { weight: 1 }] },
  ],
]

describe('published', () => {
  it.each(numbers)('%s on %s, %s, has the numbers of its paper', (method, data, pair, expected) => {
    const setting = published(method, data, pair === undefined ? {} : { pair })
    expect(setting).toMatchObject(expected)
    expect(setting.source.length).toBeGreaterThan(10)
  })

  it('gives losses the options of the pair', async () => {
    const [s, t, labels] = [tf.tensor2d([[1, 2, 4]]), tf.tensor2d([[2, 0, 1]]), tf.tensor1d([2], 'int32')] // prettier-ignore
    const value = async (method: PublishedMethod, pair: string) => {
      const { loss } = published(method, 'cifar100', { pair }).terms[0]!
      return (await loss.compute(logitContext({ student: s, teacher: t }, labels)).data())[0]!
    }
    const expected = async (scale: number, beta: number, options: object) =>
      (await dkdLoss(s, t, labels, { alpha: scale, beta: scale * beta, ...options }).data())[0]!
    for (const [pair, beta] of [
      ['resnet56-resnet20', 2],
      ['vgg13-vgg8', 6],
      ['resnet32x4-resnet8x4', 8],
    ] as const)
      // prettier-ignore
      expect(await value('dkd', pair)).toBe(await expected(1, beta, { temperature: 4 }))
    const [zs, zt] = [standardizeLogits(s), standardizeLogits(t)]
    const standardized = await dkdLoss(zs, zt, labels, { alpha: 9, beta: 54, temperature: 2 }).data()
    expect(await value('standardized-dkd', 'vgg13-vgg8')).toBeCloseTo(standardized[0]!, 5)
    expect(() => published('dkd', 'cifar100', { options: { dkd: { beta: -1 } } })).toThrow(/dkd: beta/)
  })

  it('names the taps of the published levels, and takes others', () => {
    const review = published('review-kd', 'cifar100', { pair: 'resnet56-resnet20' }).terms[0]!.loss
    expect(review.taps).toEqual({
      student: ['layer1', 'layer2', 'layer3', 'pool'],
      teacher: ['layer1.preactivation', 'layer2.preactivation', 'layer3.preactivation', 'pool'],
    })
    const own = published('sp', 'cifar100', { options: { sp: { student: 'a', teacher: 'b' } } }).terms[0]!.loss
    expect(own.taps).toEqual({ student: ['a'], teacher: ['b'] })
  })

  it.each(['cifar100', 'imagenet'] as const)('makes every setting of %s that it lists', (data) => {
    const methods = publishedMethods(data)
    expect(methods.length).toBeGreaterThan(8)
    const pair = data === 'cifar100' ? 'resnet56-resnet20' : 'resnet34-resnet18'
    for (const method of methods) expect(published(method, data, { pair }).terms.length).toBeGreaterThan(0)
  })

  it.each([
    [
      () => published('fitnt' as 'kd', 'cifar100'),
      'config.invalid',
      /nothing is known of 'fitnt'\. Did you mean 'fitnet'/,
    ],
    [
      () => published('ttm', 'imagenet'),
      'config.invalid',
      /published: ttm: nothing is known of 'imagenet'\. .*cifar100/,
    ],
    [() => published('review-kd', 'cifar100'), 'config.invalid', /expected a pair with a published setting, got none/],
    [
      () => published('review-kd', 'cifar100', { pair: 'resnet56-resnet2' }),
      'config.invalid',
      /Did you mean 'resnet56-resnet20'/,
    ],
    [
      () => published('kd', 'cifar100', { options: { dkd: {} } }),
      'config.unknown-key',
      /it has no loss 'dkd'\. Did you mean 'kd'/,
    ],
  ])('refuses what nothing is known of: %#', (attempt, code, message) => {
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.toSatisfy((error) => isGpdError(error) && error.code === code))
  })
})
