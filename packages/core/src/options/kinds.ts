/** All kinds of values that options take; `@gpdjs/core` exports them as `kinds`. */
export {
  atLeastOne,
  count,
  countFrom,
  countOrNone,
  finite,
  flag,
  fraction,
  functionOf,
  integer,
  kind,
  nonNegative,
  number,
  object,
  objectWith,
  oneOf,
  portion,
  positive,
  rate,
  text,
} from './scalars.ts'
export { members, type Members } from './members.ts'
export { defaults, either, listOf, record, recordOf, variants } from './structures.ts'
