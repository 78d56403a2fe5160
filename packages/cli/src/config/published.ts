import { given, GpdError } from '@gpdjs/core'
import { published, type PublishedMethod, type PublishedSetting } from '@gpdjs/kd-losses'
import { at } from './key-path.ts'
import type { Config, ConfigInput } from './schema.ts'

const refuse = (problem: string, fix: string) => new GpdError('config.invalid', problem, fix)

const text = (value: unknown): string => JSON.stringify(value)

/** The weight of the labels is in the configuration; it must be the published one. */
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
 * @throws GpdError `config.invalid` for one that is not known
 */
export function settingOf({ teacher }: Config): PublishedSetting | undefined {
  if (!teacher || teacher.published === undefined) return undefined
  const { method, data, ...options } = teacher.published
  return at('teacher.published', () => published(method as PublishedMethod, data, options))
}

/**
 * Losses and weights of the teacher are given once: as one loss with a weight, as a list with a weight for each, or as published.
 *
 * @param input what was given, without defaults: a default is no conflict
 * @throws GpdError `config.invalid` for two of these, or labels that are weighed in another way than was published
 */
export function checkTeaching(config: Config, input: ConfigInput): void {
  const teacher: { readonly loss?: unknown; readonly weight?: unknown } = given(input.teacher || {})
  if (Array.isArray(teacher.loss) && teacher.weight !== undefined) {
    const problem = `teacher.weight: expected none beside a list of losses, got ${text(teacher.weight)}.`
    throw refuse(problem, 'Multiply the weight of each loss of the list.')
  }
  const setting = settingOf(config)
  if (setting === undefined) return
  const other = (['loss', 'weight'] as const).find((key) => teacher[key] !== undefined)
  if (other !== undefined) {
    const problem = `teacher.${other}: expected none beside teacher.published, got ${text(teacher[other])}.`
    throw refuse(problem, 'Leave one of the two out.')
  }
  checkLabels(config, setting)
}
