import { GpdError } from '@gpdjs/core'
import type { Option } from './options.ts'

/** Where a feature loss looks: names of taps, one for each pair that is compared. */
export interface TapOptions {
  /** Taps of the student, for example `'layer3'` or `['layer2', 'layer3']`. */
  readonly student: string | readonly string[]
  /** Taps of the teacher in the same order (default: the same names as on the student). */
  readonly teacher?: string | readonly string[]
}

function readNames(value: unknown): readonly string[] | undefined {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value]
  const valid = names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
  return valid ? (names as readonly string[]) : undefined
}

/** One or more names of taps; without a fallback they must be given. */
export const tapNames = (...fallback: readonly string[]): Option<readonly string[]> => ({
  range: `a tap such as 'layer3', or a list of taps`,
  read: readNames,
  ...(fallback.length > 0 && { fallback }),
})

/** The options of every loss that compares maps; the teacher's names are those of the student unless given. */
export const MAP_TAPS = { student: tapNames(), teacher: { ...tapNames(), fallback: [] as readonly string[] } }

/** The options of every loss that compares one vector per image: pooled features, unless told otherwise. */
export const VECTOR_TAPS = { ...MAP_TAPS, student: tapNames('pool') }

export interface Taps {
  readonly student: readonly string[]
  readonly teacher: readonly string[]
}

/** @throws GpdError `config.invalid` unless both sides name as many taps */
export function pairTaps(where: string, student: readonly string[], teacher: readonly string[]): Taps {
  const taps = { student, teacher: teacher.length === 0 ? student : teacher }
  if (taps.student.length === taps.teacher.length) return taps
  const found = `${taps.student.length} of the student and ${taps.teacher.length} of the teacher`
  throw new GpdError(
    'config.invalid',
    `${where}: expected as many taps on both sides, got ${found}.`,
    'Name them in pairs.',
  )
}
