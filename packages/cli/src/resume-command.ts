const isPlain = (path: string) => /^[\w@%+=:,./-]+$/.test(path)

/** A path as a shell takes it. */
const quoted = (path: string): string => (isPlain(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)

/** What to type to go on with a run. */
export const resumeCommand = (folder: string): string => `gpd train --resume ${quoted(folder)}`

/** What to type to go on with a study. */
export const resumeStudyCommand = (folder: string): string => `gpd ablate --resume ${quoted(folder)}`
