import type { PublishedSetting, PublishedTerm } from '@gpdjs/kd-losses'
import type { Plugin } from '../pipeline/plugin.ts'
import { checkArgument, kinds, type Schedule } from '@gpdjs/core'
import { warmUpFromOne, warmUpFromZero } from '../schedule.ts'
import { staticTeacher, type StaticTeacherOptions } from './static-teacher.ts'

const settings = kinds.objectWith<PublishedSetting>('a setting such as published(…)', 'terms', 'epochs')

const WARM_UPS = [warmUpFromZero, warmUpFromOne] as const

function weightOf({ weight, warmUp }: PublishedTerm, of: number): Schedule {
  return warmUp ? WARM_UPS[warmUp.first](weight, { epochs: warmUp.epochs, of }) : weight
}

/**
 * A static teacher with the losses, weights and warm-ups of a published setting. Give `distill` its `task` as well.
 * Warm-ups keep their share of the run where it is shorter than the published one.
 *
 * @param setting `published('review-kd', 'cifar100', { pair: 'resnet56-resnet20' })`
 * @param teacher the trained network, and other options of `staticTeacher`
 * @example
 * const setting = published('dkd', 'cifar100', { pair: 'resnet56-resnet20' })
 * const { epochs, task } = setting
 * const plugins = asPublished(setting, teacher)
 * await distill({ student, data, optimizer, epochs, task: classification(task), plugins })
 */
export function asPublished(setting: PublishedSetting, teacher: Omit<StaticTeacherOptions, 'loss' | 'weight'>): Plugin {
  const { terms, epochs } = checkArgument('asPublished', 'setting', settings, setting)
  return staticTeacher({ ...teacher, loss: terms.map((term) => ({ loss: term.loss, weight: weightOf(term, epochs) })) })
}
