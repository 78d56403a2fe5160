import type { ConfigInput, StudyInput } from './schema.ts'

/** A configuration with completion and type checks in an editor: `export default defineConfig({ … })`. */
export const defineConfig = (config: ConfigInput): ConfigInput => config

/** The same for a study. */
export const defineStudy = (study: StudyInput): StudyInput => study
