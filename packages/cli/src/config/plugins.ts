import { channelBranchReparameterization } from '@gpdjs/cbr-reparam'
import { didYouMean, GpdError, type DistillationLoss, type Model } from '@gpdjs/core'
import { inverseReparameterization, orepa, type BranchSet, type OrepaOptions } from '@gpdjs/ir-expansion'
import { losses } from '@gpdjs/kd-losses'
import {
  asPublished,
  dynamicTeacher,
  ema,
  staticTeacher,
  type Plugin,
  type PluginOption,
  type StaticTeacherOptions,
  type WeightedLoss,
} from '@gpdjs/trainer'
import { given } from './given.ts'
import { at } from './key-path.ts'
import { settingOf } from './published.ts'
import { scheduleOf } from './schedule.ts'
import type { Config } from './schema.ts'

type DynamicTeacherConfig = Exclude<Config['dynamicTeacher'], false>

interface NamedLoss {
  readonly name: string
  readonly [option: string]: unknown
}

/**
 * A loss as it is written in a configuration.
 *
 * @throws GpdError `config.invalid` or `config.unknown-key` with the nearest name
 */
export function lossOf(path: string, { name, ...options }: NamedLoss): DistillationLoss {
  const factory = Object.hasOwn(losses, name) ? (losses[name] as (options: object) => DistillationLoss) : undefined
  if (factory) return at(path, () => factory(options))
  throw new GpdError(
    'config.invalid',
    `${path}.name: no loss is called '${name}'.`,
    didYouMean(name, Object.keys(losses)),
  )
}

function branchesOf(config: DynamicTeacherConfig['branches']): BranchSet | undefined {
  if (config === 'none') return undefined
  if (config === 'orepa') return orepa()
  const { kind: _, ...options } = config
  return at('dynamicTeacher.branches', () => orepa(given(options) as OrepaOptions))
}

function dynamicTeacherOf(config: DynamicTeacherConfig): Plugin {
  const { ratio, sharing, mapping, parameterization, gradientScale, noise } = config
  const branches = branchesOf(config.branches)
  return dynamicTeacher({
    expander: inverseReparameterization({ ratio, parameterization, ...given({ noise, branches }) }),
    extractor: channelBranchReparameterization({ gradientScale }),
    sharing,
    mapping,
    loss: lossOf('dynamicTeacher.loss', config.loss),
    weight: scheduleOf('dynamicTeacher.weight', config.weight),
  })
}

type Normalization = StaticTeacherOptions['normalization']

type TeacherConfig = Exclude<Config['teacher'], false>

/** One loss with the teacher's weight, or several with their own. */
function teachingOf({ loss, weight }: TeacherConfig): WeightedLoss[] {
  const term = (path: string, named: NamedLoss, own: Config['labelWeight'], weightPath: string): WeightedLoss => ({
    loss: lossOf(path, named),
    weight: scheduleOf(weightPath, own),
  })
  if (!Array.isArray(loss)) return [term('teacher.loss', loss, weight, 'teacher.weight')]
  if (weight !== 1) {
    const problem = `teacher.weight: expected none beside a list of losses, got ${JSON.stringify(weight)}.`
    throw new GpdError('config.invalid', problem, 'Multiply the weight of each loss of the list.')
  }
  return loss.map(({ weight: own, ...named }, i) => {
    const path = `teacher.loss.${i}`
    return term(path, named as NamedLoss, own, `${path}.weight`)
  })
}

function staticTeacherOf(config: Config, trained: Model, normalization: Normalization): Plugin | false {
  const teacher = { ...trained, ...given({ normalization }) }
  const setting = settingOf(config)
  if (setting) return asPublished(setting, teacher)
  return config.teacher && staticTeacher({ ...teacher, loss: teachingOf(config.teacher) })
}

/**
 * The parts of a method as a configuration switches them on.
 *
 * @param trained the static teacher, loaded
 * @param normalization of the data and of the teacher, where they differ
 * @throws GpdError `config.invalid`, `config.unknown-key`
 */
export function pluginsOf(config: Config, trained: Model | undefined, normalization?: Normalization): PluginOption {
  return [
    config.teacher && trained && staticTeacherOf(config, trained, normalization),
    config.dynamicTeacher && dynamicTeacherOf(config.dynamicTeacher),
    config.ema && ema(given(config.ema)),
  ]
}
