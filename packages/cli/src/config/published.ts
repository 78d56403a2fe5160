import { GpdError } from '@gpdjs/core'
import { published, type PublishedMethod, type PublishedSetting } from '@gpdjs/kd-losses'
import { given } from './given.ts'
import { at } from './key-path.ts'
import { configSchema, type Config } from './schema.ts'

type TeacherConfig = Exclude<Config['teacher'], false>

const refuse = (problem: string, fix: string) => new GpdError('config.invalid', problem, fix)

const text = (value: unknown): string => JSON.stringify(value)

/** Losses and weights come from the setting: what stands beside it must be what it would be without. */
function checkAlone(teacher: TeacherConfig): void {
  const { teacher: plain } = configSchema.pick({ teacher: true }).parse({ teacher: { weights: teacher.weights } })
  const other = (['loss', 'weight'] as const).find((key) => plain && text(plain[key]) !== text(teacher[key]))
  if (other === undefined) return
  const problem = `teacher.${other}: expected none beside teacher.published, got ${text(teacher[other])}.`
  throw refuse(problem, 'Leave one of the two out.')
}

/** The labels are weighed by the configuration, which must say what was published. */
function checkLabels({ labelWeight, labelViews }: Config, setting: PublishedSetting): void {
  const keys = { labelWeight, labelViews }
  const wanted = { labelWeight: setting.task.weight, labelViews: setting.task.views }
  const other = (['labelWeight', 'labelViews'] as const).find((key) => text(keys[key]) !== text(wanted[key]))
  if (other === undefined) return
  const problem = `${other}: expected ${text(wanted[other])}, which teacher.published comes with, got ${text(keys[other])}.`
  throw refuse(problem, `Set ${other} to it, or write loss and weight yourself.`)
}

/**
 * The setting that a configuration names, if it names one.
 *
 * @throws GpdError `config.invalid` for one that is not known, or other losses or weights beside it
 */
export function settingOf(config: Config): PublishedSetting | undefined {
  const { teacher } = config
  if (!teacher || teacher.published === undefined) return undefined
  const { method, data, pair, options } = teacher.published
  const setting = at('teacher.published', () => published(method as PublishedMethod, data, given({ pair, options })))
  checkAlone(teacher)
  checkLabels(config, setting)
  return setting
}
