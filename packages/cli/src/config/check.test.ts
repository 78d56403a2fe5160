import { isGpdError } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import { checkConfig, checkStudy } from './check.ts'
import type { ConfigInput } from './schema.ts'

const least = { student: { network: 'resnet8' }, data: { directory: 'mnist' } } as const
const check = (config: unknown) => checkConfig(config, 'gpd.yaml')

function problemOf(config: unknown): { code: string; message: string } {
  try {
    check(config)
  } catch (error) {
    if (isGpdError(error)) return error
    throw error
  }
  throw new Error('The configuration was accepted.')
}

describe('a configuration', () => {
  it('takes a number of images, a share or none to hold out, and one name for each class', () => {
    const data = (change: object) => check({ ...least, data: { directory: 'mnist', ...change } }).data
    for (const validation of [0, 0.25, 1, 5000]) expect(data({ validation }).validation).toBe(validation)
    expect(data({ classes: 2, classNames: ['a', 'b'] }).classNames).toEqual(['a', 'b'])
    const refusals: [change: object, message: RegExp][] = [
      [
        { validation: -1 },
        /data\.validation: expected a whole number of at least 1 or a number from 0 to below 1, got -1/,
      ],
      [{ validation: 1.5 }, /data\.validation: expected .*, got 1\.5/],
      [{ classNames: ['a', 'b'] }, /data\.classNames: expected 10 different names, one for each class, got 2/],
      [{ classes: 2, classNames: ['a', 'a'] }, /got "a" twice/],
      [{ classes: 2, classNames: 'a,b' }, /data\.classNames: expected/],
    ]
    for (const [change, message] of refusals) expect(() => data(change)).toThrow(message)
  })

  it('needs a student and data, and has defaults for the rest', () => {
    expect(check(least)).toEqual({
      student: { network: 'resnet8' },
      data: { directory: 'mnist', classes: 10, validation: 0.1, augment: false, strong: false },
      teacher: false,
      dynamicTeacher: false,
      ema: false,
      optimizer: {
        name: 'sgd',
        learningRate: { kind: 'cosine', start: 0.1, end: 0 },
        momentum: 0.9,
        nesterov: false,
        weightDecay: 1e-4,
        decay: 'weights',
        decoupled: false,
        clipGlobalNorm: 5,
      },
      epochs: 10,
      batchSize: 64,
      accumulate: 1,
      labelWeight: 1,
      labelViews: [],
      checkpoints: { keep: 2 },
      divergence: { policy: 'stop', most: 3 },
      seed: 42,
      backend: 'auto',
    })
  })

  it('fills in the published settings of a dynamic teacher', () => {
    expect(check({ ...least, dynamicTeacher: {} }).dynamicTeacher).toEqual({
      ratio: 2,
      sharing: 'hard',
      mapping: 'inverse',
      branches: 'orepa',
      parameterization: 'reference',
      gradientScale: 'reference',
      noise: { kind: 'zero-sum', deviation: 0.01 },
      loss: { name: 'soft-cross-entropy', smoothing: 0.1 },
      weight: 3,
    })
  })

  it.each<ConfigInput>([
    { ...least, dynamicTeacher: { ratio: 4, sharing: 'none', mapping: 'none', branches: 'none' } },
    { ...least, dynamicTeacher: { branches: { branches: 3, gates: 'single' } } },
    { ...least, dynamicTeacher: { branches: { kind: 'orepa', branches: ['origin', 'prior'] } } },
    { ...least, teacher: { weights: 'teacher', loss: { name: 'kd', temperature: 2 }, weight: 0.5 } },
    { ...least, student: { network: 'resnet8', width: 4, weights: 'pretrained' }, seed: 0 },
    { ...least, optimizer: { name: 'adamw', learningRate: { kind: 'multiStep', start: 0.1, milestones: [0.3] } } },
    { ...least, labelWeight: { kind: 'linear', start: 1, end: 0 }, ema: { decay: 0.99 } },
    { ...least, data: { directory: 'x', augment: { padding: 2 } }, output: 'runs/1' },
    { ...least, dynamicTeacher: false, teacher: false, ema: false },
  ])('accepts %j', (config) => {
    expect(() => check(config)).not.toThrow()
  })

  it.each<[config: unknown, message: RegExp]>([
    [{ ...least, epoch: 3 }, /^gpd\.yaml: epoch: no such key\. Did you mean 'epochs'\? Known: accumulate/],
    [
      { ...least, student: { netwrk: 'resnet8', network: 'resnet8' } },
      /student\.netwrk: no such key\. Did you mean 'network'\?/,
    ],
    [
      { ...least, optimizer: { lerningRate: 1 } },
      /optimizer\.lerningRate: no such key\. Did you mean 'learningRate'\?/,
    ],
    [{ ...least, dynamicTeacher: { ration: 2 } }, /dynamicTeacher\.ration: no such key\. Did you mean 'ratio'\?/],
    [
      { ...least, dynamicTeacher: { branches: { gate: 'x' } } },
      /dynamicTeacher\.branches\.gate: no such key\. Did you mean 'gates'\?/,
    ],
    [{ ...least, teacher: { weights: 'a', wieght: 1 } }, /teacher\.wieght: no such key\. Did you mean 'weight'\?/],
    [
      { ...least, data: { directory: 'x', augment: { paddding: 1 } } },
      /data\.augment\.paddding: no such key\. Did you mean 'padding'\?/,
    ],
    [{ ...least, ema: { decy: 0.9 } }, /ema\.decy: no such key\. Did you mean 'decay'\?/],
    [
      { ...least, optimizer: { learningRate: { kind: 'cosine', start: 1, warmup: 0.1 } } },
      /optimizer\.learningRate\.warmup: no such key\. Did you mean 'warmUp'\?/,
    ],
  ])('refuses an unknown key: %j', (config, message) => {
    const { code, message: found } = problemOf(config)
    expect(found).toMatch(message)
    expect(code).toBe('config.unknown-key')
  })

  it.each<[config: unknown, message: RegExp]>([
    [{ data: { directory: 'x' } }, /student: expected an object, got nothing/],
    [{ ...least, student: {} }, /student\.network: expected a text, got nothing/],
    [{ ...least, epochs: 0 }, /epochs: expected a whole number of at least 1, got 0/],
    [{ ...least, epochs: '3' }, /epochs: expected a whole number of at least 1, got "3"/],
    [{ ...least, batchSize: 1.5 }, /batchSize: expected a whole number of at least 1, got 1\.5/],
    [{ ...least, seed: 'abc' }, /seed: expected a whole number, got "abc"/],
    [{ ...least, dynamicTeacher: { ratio: 0 } }, /dynamicTeacher\.ratio: expected a whole number of at least 1, got 0/],
    [
      { ...least, dynamicTeacher: { ratio: -2 } },
      /dynamicTeacher\.ratio: expected a whole number of at least 1, got -2/,
    ],
    [
      { ...least, dynamicTeacher: { ratio: 1.5 } },
      /dynamicTeacher\.ratio: expected a whole number of at least 1, got 1\.5/,
    ],
    [
      { ...least, dynamicTeacher: { ratio: 'two' } },
      /dynamicTeacher\.ratio: expected a whole number of at least 1, got "two"/,
    ],
    [
      { ...least, dynamicTeacher: { sharing: 'hrad' } },
      /dynamicTeacher\.sharing: expected "hard" or "none", got "hrad"\. Did you mean 'hard'\?/,
    ],
    [
      { ...least, dynamicTeacher: { mapping: true } },
      /dynamicTeacher\.mapping: expected "inverse" or "none", got true/,
    ],
    [
      { ...least, dynamicTeacher: { branches: 'orpea' } },
      /dynamicTeacher\.branches: expected "none", "orepa" or an object, got "orpea"\. Did you mean 'orepa'\?/,
    ],
    [
      { ...least, dynamicTeacher: { branches: { variant: 'new' } } },
      /dynamicTeacher\.branches\.variant: expected "release" or "original", got "new"/,
    ],
    [{ ...least, dynamicTeacher: true }, /dynamicTeacher: expected false or an object, got true/],
    [
      { ...least, optimizer: { name: 'adam' } },
      /optimizer\.name: expected "sgd" or "adamw", got "adam"\. Did you mean 'adamw'\?/,
    ],
    [
      { ...least, optimizer: { learningRate: -0.1 } },
      /optimizer\.learningRate: expected a finite number of at least 0 or an object, got -0\.1/,
    ],
    [
      { ...least, optimizer: { learningRate: 'fast' } },
      /optimizer\.learningRate: expected a finite number of at least 0 or an object, got "fast"/,
    ],
    [
      { ...least, optimizer: { learningRate: { kind: 'cosin', start: 1 } } },
      /optimizer\.learningRate\.kind: expected "constant", .*, got "cosin"\. Did you mean 'cosine'\?/,
    ],
    [{ ...least, optimizer: { momentum: 1 } }, /optimizer\.momentum: expected a number from 0 to below 1, got 1/],
    [{ ...least, ema: { decay: 2 } }, /ema\.decay: expected a number from 0 to below 1, got 2/],
    [
      { ...least, labelWeight: Number.NaN },
      /labelWeight: expected a finite number of at least 0 or an object, got NaN/,
    ],
    ['resnet8', /^gpd\.yaml: expected an object, got "resnet8"/],
    [null, /^gpd\.yaml: expected an object, got null/],
  ])('refuses a wrong value: %j', (config, message) => {
    const { code, message: found } = problemOf(config)
    expect(found).toMatch(message)
    expect(code).toBe(found.includes('got nothing') ? 'config.missing' : 'config.invalid')
    expect(found.split('\n')).toHaveLength(1)
  })
})

describe('a study', () => {
  it('has three seeds by default', () => {
    expect(checkStudy({ base: {}, arms: { a: {} } }, 's')).toEqual({
      base: {},
      arms: { a: {} },
      seeds: [0, 1, 2],
    })
  })

  it.each([
    [{ base: {}, arms: { a: {} }, seed: [1] }, /s: seed: no such key\. Did you mean 'seeds'\?/],
    [{ base: {}, arms: { a: 1 } }, /s: arms\.a: expected an object, got 1/],
    [{ base: {}, arms: { a: {} }, seeds: [] }, /s: seeds: expected a list of whole numbers, got \[\]/],
  ])('refuses %j', (study, message) => {
    expect(() => checkStudy(study, 's')).toThrow(message)
  })
})
