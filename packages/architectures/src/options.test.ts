import { isGpdError, type ErrorCode } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import { cifarResnet } from './cifar-resnet.ts'
import { deit } from './deit.ts'
import { imagenetResnet } from './imagenet-resnet.ts'
import { mobilenetV2 } from './mobilenet-v2.ts'
import { createNetwork } from './registry.ts'
import { resnet } from './resnet.ts'
import { rvt } from './rvt.ts'
import { shufflenetV2 } from './shufflenet-v2.ts'
import { vit } from './vit.ts'

/** As JavaScript or a configuration file would call: with anything. */
const call =
  (make: unknown, ...args: unknown[]) =>
  () =>
    (make as (...args: unknown[]) => unknown)(...args)

const cases: readonly (readonly [string, () => unknown, ErrorCode, RegExp])[] = [
  [
    'a mistyped option',
    call(cifarResnet, { depth: 8, classes: 10, widht: 4 }),
    'config.unknown-key',
    /Did you mean 'width'/,
  ],
  [
    'a mistyped option of a name',
    call(createNetwork, 'resnet8', { classes: 10, widht: 4 }),
    'config.unknown-key',
    /resnet8: unknown option 'widht'/,
  ],
  [
    'a depth beside a name',
    call(createNetwork, 'resnet8', { classes: 10, depth: 14 }),
    'config.unknown-key',
    /'depth'/,
  ],
  ['an unknown name', call(createNetwork, 'resnet21', { classes: 10 }), 'config.invalid', /Did you mean 'resnet20'/],
  [
    'a name that every object has',
    call(createNetwork, 'constructor', { classes: 10 }),
    'config.invalid',
    /constructor/,
  ],
  [
    'no options',
    call(createNetwork, 'resnet8'),
    'config.missing',
    /classes: expected a whole number of at least 1, got nothing/,
  ],
  [
    'half a class',
    call(imagenetResnet, { depth: 18, classes: 1.5 }),
    'config.invalid',
    /classes: expected a whole number of at least 1, got 1.5/,
  ],
  ['no classes', call(imagenetResnet, { depth: 18, classes: 0 }), 'config.invalid', /got 0/],
  ['NaN', call(cifarResnet, { depth: Number.NaN, classes: 10 }), 'config.invalid', /got NaN/],
  ['a numeral', call(cifarResnet, { depth: '20', classes: 10 }), 'config.invalid', /depth: expected 6n \+ 2/],
  [
    'images without channels',
    call(cifarResnet, { depth: 8, classes: 10, inputShape: [32, 32] }),
    'config.invalid',
    /got \[32, 32\]/,
  ],
  [
    'half a pixel',
    call(cifarResnet, { depth: 8, classes: 10, inputShape: [32.5, 32, 3] }),
    'config.invalid',
    /got \[32.5, 32, 3\]/,
  ],
  ['depth and blocks', call(cifarResnet, { depth: 8, blocks: [1, 1, 1], classes: 10 }), 'config.invalid', /got both/],
  ['neither depth nor blocks', call(cifarResnet, { classes: 10 }), 'config.missing', /got neither/],
  [
    'a depth of no family',
    call(resnet, { depth: 19, classes: 10 }),
    'config.invalid',
    /resnet: depth: expected 18, 34, 50, 101, 152 .* or 6n \+ 2 .*, got 19/,
  ],
]

describe('networks refuse', () => {
  it.each(cases)('%s', (_, attempt, code, message) => {
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.toSatisfy((error) => isGpdError(error) && error.code === code))
  })
})

it('an option that is undefined is one that was left out', () => {
  expect(call(cifarResnet, { depth: 8, blocks: undefined, width: undefined, classes: 10 })()).toEqual(
    cifarResnet({ depth: 8, classes: 10 }),
  )
})

describe('a network by name', () => {
  it.each([
    ['resnet20', { blocks: [1, 2] }, cifarResnet({ blocks: [1, 2], width: 4, classes: 10 })],
    ['resnet50', { blocks: [1, 1, 1, 2] }, imagenetResnet({ depth: 50, blocks: [1, 1, 1, 2], width: 4, classes: 10 })],
    ['mobilenet_v2', { width: 16 }, mobilenetV2({ widthMultiplier: 0.5, classes: 10 })],
    ['vit_b_32', { width: 24, blocks: [3] }, vit({ patchSize: 32, width: 24, depth: 3, classes: 10 })],
    ['rvt_tiny', { width: 12, blocks: [2, 1] }, rvt({ headWidth: 2, depth: [2, 1], classes: 10 })],
  ])('takes width and blocks: %s with %o', (name, options, expected) =>
    expect(createNetwork(name, { classes: 10, width: 4, ...options })).toEqual(expected),
  )

  it('keeps what its name stands for where an option is undefined', () => {
    const options = { classes: 10, width: undefined, blocks: undefined, inputShape: undefined }
    expect(call(createNetwork, 'deit_small', options)()).toEqual(deit({ classes: 10, width: 384, heads: 6 }))
    expect(call(createNetwork, 'shufflenet_v2_x0_5', options)()).toEqual(shufflenetV2({ classes: 10, width: 48 }))
  })

  it.each([
    ['vit_b_16', [2, 2], /vit: blocks: expected a list of one number, got 2 stages/],
    ['rvt_tiny', [2], /rvt: depth and heads: expected as many stages in both, got 1 and 2/],
    ['vgg8', [1, 1], /vgg: blocks: expected positive integers, one for each of 5 stages, got \[1, 1\]/],
    ['resnet18', [1, 1], /one for each of 4 stages/],
    ['resnet20', [], /resnet20: blocks: expected positive integers, one for each stage, got \[\]/],
  ])('%s refuses the blocks %o', (name, blocks, message) =>
    expect(call(createNetwork, name, { classes: 10, blocks })).toThrow(message),
  )
})

describe('resnet', () => {
  it.each([18, 34, 50, 101, 152])('of depth %i is the one for ImageNet', (depth) => {
    const options = { depth, classes: 7, inputShape: [32, 32, 3] }
    expect(resnet(options)).toEqual(imagenetResnet(options))
  })

  it.each([8, 20, 26, 56])('of depth %i is the one for CIFAR', (depth) => {
    const options = { depth, classes: 7, width: 4 }
    expect(resnet(options)).toEqual(cifarResnet(options))
  })
})
