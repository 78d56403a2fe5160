import { channelBranchReparameterization } from '@gpdjs/cbr-reparam'
import { didYouMean, GpdError, type DistillationLoss } from '@gpdjs/core'
import { inverseReparameterization, orepa, type BranchSet, type OrepaOptions } from '@gpdjs/ir-expansion'
import { losses } from '@gpdjs/kd-losses'
import { adamw, dynamicTeacher, ema, sgd, staticTeacher, type Optimizer, type Plugin, type PluginOption, type TrainedNetwork } from '@gpdjs/trainer'
import { scheduleOf } from './schedule.ts'
import type { Config } from './schema.ts'

/** The options that were given: those left out keep the defaults of the function they go to. */
const given = <T extends object>(options: T) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [K in keyof T]-?: Exclude<T[K], undefined> }

/** @throws GpdError `config.invalid` with the nearest name */
export function lossOf({ name, ...options }: { readonly name: string; readonly [option: string]: unknown }): DistillationLoss {
  const factory = (losses as Readonly<Record<string, (options: never) => DistillationLoss>>)[name]
  if (!factory) throw new GpdError('config.invalid', `No loss is called '${name}'.`, didYouMean(name, Object.keys(losses)))
  return factory(options as never)
}

function branchesOf(config: Exclude<Config['dynamicTeacher'], false>['branches']): BranchSet | undefined {
  if (config === 'none') return undefined
  if (config === 'orepa') return orepa()
  const { kind: _, ...options } = config
  return orepa(given(options) as OrepaOptions)
}

function dynamicTeacherOf(config: Config['dynamicTeacher']): Plugin | false {
  if (config === false) return false
  const { ratio, sharing, mapping, parameterization, gradientScale, noise } = config
  return dynamicTeacher({
    expansion: inverseReparameterization({ ratio, parameterization, ...given({ noise, branches: branchesOf(config.branches) }) }),
    extraction: channelBranchReparameterization({ gradientScale }),
    sharing,
    mapping,
    loss: lossOf(config.loss),
    weight: scheduleOf(config.weight),
  })
}

/** The parts of a method as a configuration switches them on. */
export function pluginsOf(config: Config, teacher: TrainedNetwork | undefined): PluginOption {
  return [
    config.teacher && teacher && staticTeacher({ ...teacher, loss: lossOf(config.teacher.loss), weight: scheduleOf(config.teacher.weight) }),
    dynamicTeacherOf(config.dynamicTeacher),
    config.ema && ema(given(config.ema)),
  ]
}

const OPTIMIZERS = { sgd, adamw } as const
/** Options that only one of them has. */
const ONLY: Readonly<Record<keyof typeof OPTIMIZERS, readonly string[]>> = { sgd: ['momentum', 'nesterov', 'decoupled'], adamw: ['beta1', 'beta2', 'epsilon'] }

/** @throws GpdError `config.invalid` for an option of the other optimizer */
export function optimizerOf({ name, learningRate, ...options }: Config['optimizer']): Optimizer {
  const other = name === 'sgd' ? 'adamw' : 'sgd'
  const foreign = Object.keys(given(options)).find((key) => ONLY[other].includes(key))
  if (foreign) throw new GpdError('config.invalid', `optimizer.${foreign}: '${name}' has no such option; '${other}' has.`)
  const defaults = name === 'sgd' ? { momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 } : {}
  return OPTIMIZERS[name]({ ...defaults, ...given(options), learningRate: scheduleOf(learningRate) })
}
