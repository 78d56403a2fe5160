import { fillOptions, type Filled, type OptionTable } from '@gpdjs/core'
import { checkClassNames } from './class-names.ts'
import { at } from './key-path.ts'
import { checkTeaching } from './published.ts'
import { CONFIG, STUDY, type Config, type ConfigInput, type Study } from './schema.ts'

/** @throws GpdError with the file, the path of the key, what was expected and found */
const fill = <Table extends OptionTable>(table: Table, value: unknown, source: string): Filled<Table> =>
  fillOptions(source, table, value as { [K in keyof Table]?: unknown }, { inFile: true })

/**
 * A configuration with its defaults filled in.
 *
 * @param source what messages begin with, such as the name of a file
 * @throws GpdError `config.unknown-key`, `config.missing`, `config.invalid`; also for what excludes each other
 */
export function checkConfig(value: unknown, source: string): Config {
  const config = fill(CONFIG, value, source)
  at(source, () => checkTeaching(config, value as ConfigInput))
  const { classNames, classes } = config.data
  if (classNames) at(source, () => checkClassNames('data.classNames', classNames, classes))
  return config
}

/** The same for a study; its arms are checked one by one, with `checkConfig`. */
export const checkStudy = (value: unknown, source: string): Study => fill(STUDY, value, source)
