import type { Model } from '@gpdjs/core'
import { valueAt, type EdgeOptions, type Plugin, type RunSetup } from '@gpdjs/trainer'
import { describe, expect, it } from 'vitest'
import { checkConfig } from './check.ts'
import { optimizerOf } from './optimizer.ts'
import { lossOf } from './loss.ts'
import { pluginsOf } from './plugins.ts'
import { scheduleOf } from './schedule.ts'
import type { ConfigInput } from './schema.ts'

type ScheduleInput = NonNullable<ConfigInput['labelWeight']>

const configure = (config: object) =>
  checkConfig({ student: { network: 'resnet8' }, data: { directory: '.' }, ...config }, 'gpd.yaml')
const schedule = (labelWeight: unknown) => scheduleOf(configure({ labelWeight }).labelWeight)
const at = (config: ScheduleInput, step: number) => valueAt(schedule(config), { step, totalSteps: 100 })

describe('a schedule', () => {
  // Expected values by hand, from the definitions: half a cosine, a line, powers of the factor.
  it.each<[ScheduleInput, number, number]>([
    [0.3, 50, 0.3],
    [{ kind: 'constant', start: 0.2 }, 99, 0.2],
    [{ kind: 'cosine', start: 2 }, 50, 1],
    [{ kind: 'cosine', start: 2, end: 1 }, 50, 1.5],
    [{ kind: 'linear', start: 1, end: 3 }, 25, 1.5],
    [{ kind: 'multiStep', start: 1, milestones: [0.3, 0.6] }, 60, 0.01],
    [{ kind: 'multiStep', start: 1, milestones: [0.3], factor: 0.5 }, 31, 0.5],
    [{ kind: 'stepDecay', start: 8, every: 0.25, factor: 0.5 }, 75, 1],
    [{ kind: 'constant', start: 1, warmUp: 0.1 }, 4, 0.5],
  ])('%j is at step %i of 100: %d', (config, step, value) => {
    expect(at(config, step)).toBeCloseTo(value, 10)
  })

  it.each<[object, RegExp]>([
    [{ kind: 'linear', start: 1 }, /^gpd\.yaml: labelWeight\.end: expected a finite number of at least 0, got nothing/],
    [{ kind: 'multiStep', start: 1 }, /labelWeight\.milestones: expected a list of shares of the run, got nothing/],
    [{ kind: 'stepDecay', start: 1 }, /labelWeight\.every: expected a number from 0 to 1, got nothing/],
    [
      { kind: 'cosine', start: 1, milestones: [0.3] },
      /labelWeight\.milestones: 'cosine' has no such option, 'multiStep' has\./,
    ],
  ])('%j is refused', (config, message) => {
    expect(() => schedule(config)).toThrow(message)
  })
})

describe('a loss', () => {
  it('is found by its name, and told its options', () => {
    expect(lossOf('teacher.loss', { name: 'kd', temperature: 2 }).name).toBe('kd')
  })

  it.each([
    [{ name: 'dkdd' }, /^teacher\.loss\.name: no loss is called 'dkdd'\. Did you mean 'dkd'\?/],
    [{ name: 'constructor' }, /^teacher\.loss\.name: no loss is called 'constructor'/],
    [{ name: 'kd', temprature: 2 }, /^teacher\.loss: .*'temprature'\. Did you mean 'temperature'\?/],
    [{ name: 'kd', temperature: -1 }, /^teacher\.loss: .*temperature: expected .* got -1/],
    [{ name: 'dkd', alpha: 'much' }, /^teacher\.loss: .*alpha: expected .* got "much"/],
  ])('%j is refused', (loss, message) => {
    expect(() => lossOf('teacher.loss', loss)).toThrow(message)
  })
})

describe('an optimizer', () => {
  it('has the published settings by default', () => {
    const { name, rates } = optimizerOf(configure({}).optimizer)
    expect(name).toBe('clip(5), sgd')
    expect(rates({ step: 0, totalSteps: 10 })['learning-rate']).toBeCloseTo(0.1)
  })

  it('clips only where AdamW is asked to', () => {
    expect(optimizerOf(configure({ optimizer: { name: 'adamw' } }).optimizer).name).toBe('adamw')
    expect(optimizerOf(configure({ optimizer: { name: 'adamw', clipGlobalNorm: 1 } }).optimizer).name).toBe(
      'clip(1), adamw',
    )
  })

  it.each([
    [{ name: 'adamw', momentum: 0.9 }, /optimizer\.momentum: 'adamw' has no such option, 'sgd' has/],
    [{ beta1: 0.9 }, /optimizer\.beta1: 'sgd' has no such option, 'adamw' has/],
  ])('%j is refused', (optimizer, message) => {
    expect(() => optimizerOf(configure({ optimizer }).optimizer)).toThrow(message)
  })
})

describe('plugins', () => {
  const names = (config: object) =>
    [pluginsOf(configure(config), undefined)].flat(2).map((plugin) => plugin && 'name' in plugin && plugin.name)

  it('are there where they are switched on', () => {
    expect(names({})).toEqual([false, false, false])
    expect(names({ dynamicTeacher: {}, ema: {} })).toEqual([false, 'dynamic-teacher', 'ema'])
  })

  /** Losses and weights of a static teacher whose network does not matter here. */
  function teaching(teacher: object, rest: object = {}) {
    const trained = { network: { nodes: [], parameters: [] }, parameters: {}, statistics: {} } as unknown as Model
    const edges: EdgeOptions[] = []
    const run = { pupils: [{ name: 'student' }], addDistillation: (edge: EdgeOptions) => void edges.push(edge) }
    const [plugin] = [pluginsOf(configure({ teacher: { weights: 'w', ...teacher }, ...rest }), trained)].flat(2) as [
      Plugin,
    ]
    plugin.connect?.(run as unknown as RunSetup)
    return edges.map(({ loss, weight }) => [loss.name, valueAt(weight, { step: 0, totalSteps: 10 })])
  }

  it('have one loss of a static teacher, or several with a weight each', () => {
    expect(teaching({})).toEqual([['dkd', 1]])
    expect(teaching({ loss: { name: 'kd' }, weight: 0.9 })).toEqual([['kd', 0.9]])
    const list = [{ name: 'kd', temperature: 2, weight: { kind: 'linear', start: 3, end: 0 } }, { name: 'nd', weight: 2 }] // prettier-ignore
    expect(teaching({ loss: list })).toEqual([['kd', 3], ['nd', 2]]) // prettier-ignore
  })

  it('have what was published, where nothing is given beside it', () => {
    const published = { method: 'dkd', data: 'cifar100', pair: 'resnet56-resnet20' }
    expect(teaching({ published })).toEqual([['dkd', 1 / 20]])
  })

  it.each([
    [{ published: { method: 'dkd', data: 'cifar100' }, weight: 1 }, /teacher\.weight: expected none beside teacher/],
    [
      { published: { method: 'dkd', data: 'cifar100' }, loss: { name: 'dkd' } },
      /teacher\.loss: expected none beside teacher/,
    ],
    [{ loss: [{ name: 'kd', weight: 1 }], weight: 1 }, /teacher\.weight: expected none beside a list of losses, got 1/],
  ])('of a static teacher refuse what is given twice, also where it is the default: %j', (teacher, message) => {
    expect(() => teaching(teacher)).toThrow(message)
  })

  it.each([
    [
      { loss: [{ name: 'kd', weight: 1 }], weight: 2 },
      /^gpd\.yaml: teacher\.weight: expected none beside a list of losses, got 2/,
    ],
    [
      {
        loss: [
          { name: 'kd', weight: 1 },
          { name: 'ndd', weight: 1 },
        ],
      },
      /^gpd\.yaml: teacher\.loss\.1\.name: .*Did you mean 'nd'/,
    ],
    [{ loss: [{ name: 'kd' }] }, /teacher\.loss\.0\.weight: expected .* got nothing/],
    [{ loss: [] }, /teacher\.loss: expected a list or an object, got \[\]/],
  ])('of a static teacher refuse %j', (teacher, message) => {
    expect(() => teaching(teacher)).toThrow(message)
  })

  it.each([
    [
      { dynamicTeacher: { branches: { branches: 7 } } },
      /^gpd\.yaml: dynamicTeacher\.branches\.branches: .* 1 to 6, got 7/,
    ],
    [
      { dynamicTeacher: { branches: { branches: ['origin', 'pror'] } } },
      /dynamicTeacher\.branches\.branches\.1: .*got "pror"\. Did you mean 'prior'\?/,
    ],
    [
      { dynamicTeacher: { loss: { name: 'soft' } } },
      /^gpd\.yaml: dynamicTeacher\.loss\.name: no loss is called 'soft'/,
    ],
    [{ dynamicTeacher: { weight: { kind: 'linear', start: 1 } } }, /^gpd\.yaml: dynamicTeacher\.weight\.end: expected/],
  ])('%j is refused', (config, message) => {
    expect(() => names(config)).toThrow(message)
  })
})
