import { GpdError, needed, option, type Given, type Kind } from '@gpdjs/core'

function readNames(value: unknown): readonly string[] | undefined {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value]
  const valid = names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
  return valid ? (names as readonly string[]) : undefined
}

/** One or more names of taps, read as a list. */
export const tapNames: Kind<readonly string[], string | readonly string[]> = {
  expected: [`a tap such as 'layer3'`, 'a list of taps'],
  read: readNames,
}

/** The options of every loss that compares maps; the teacher's names are those of the student unless given. */
export const MAP_TAPS = {
  /** Taps of the student, for example `'layer3'` or `['layer2', 'layer3']`. */
  student: needed(tapNames),
  /** Taps of the teacher in the same order (default: the same names as on the student). */
  teacher: option(tapNames, []),
}

/** Where a feature loss looks: names of taps, one for each pair that is compared. */
export type TapOptions = Given<typeof MAP_TAPS>

/** The options of every loss that compares one vector per image: pooled features by default. */
export const VECTOR_TAPS = { ...MAP_TAPS, student: option(tapNames, ['pool']) }

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

/** @throws GpdError `config.invalid` unless each side names one tap */
export function pairOneTap(where: string, student: readonly string[], teacher: readonly string[]): Taps {
  const taps = pairTaps(where, student, teacher)
  if (taps.student.length === 1) return taps
  throw new GpdError(
    'config.invalid',
    `${where}: student: expected one tap, got ${taps.student.length}.`,
    `Use one ${where} for each.`,
  )
}
