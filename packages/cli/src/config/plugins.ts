import { channelBranchReparameterization } from '@gpdjs/cbr-reparam'
import type { Model } from '@gpdjs/core'
import { inverseReparameterization, orepa, type BranchSet } from '@gpdjs/ir-expansion'
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
import { at } from './key-path.ts'
import { lossOf } from './loss.ts'
import { settingOf } from './published.ts'
import { scheduleOf } from './schedule.ts'
import type { Config } from './schema.ts'

type DynamicTeacherConfig = Exclude<Config['dynamicTeacher'], false>

function branchesOf(config: DynamicTeacherConfig['branches']): BranchSet | undefined {
  if (config === 'none') return undefined
  const { kind: _, ...options } = config === 'orepa' ? { kind: config } : config
  return at('dynamicTeacher.branches', () => orepa(options))
}

function dynamicTeacherOf(config: DynamicTeacherConfig): Plugin {
  const { sharing, mapping, gradientScale, branches, loss, weight, ...expansion } = config
  return dynamicTeacher({
    expander: inverseReparameterization({ ...expansion, branches: branchesOf(branches) }),
    extractor: channelBranchReparameterization({ gradientScale }),
    sharing,
    mapping,
    loss: lossOf('dynamicTeacher.loss', loss),
    weight: scheduleOf(weight),
  })
}

type Normalization = StaticTeacherOptions['normalization']

type TeacherConfig = Exclude<Config['teacher'], false>

/** One loss with the teacher's weight, or several with their own. */
function teachingOf({ loss, weight }: TeacherConfig): WeightedLoss[] {
  const list = Array.isArray(loss) ? loss : [{ ...loss, weight }]
  return list.map(({ weight: own, ...named }) => ({ loss: lossOf('teacher.loss', named), weight: scheduleOf(own) }))
}

function staticTeacherOf(config: Config, trained: Model, normalization: Normalization): Plugin | false {
  const teacher = { ...trained, normalization }
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
    config.ema && ema(config.ema),
  ]
}
