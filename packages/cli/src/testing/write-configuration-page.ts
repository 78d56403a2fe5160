/** `npm run docs:configuration`: writes the tables of docs/configuration.md anew. */
import { readFile, writeFile } from 'node:fs/promises'
import { format, resolveConfig } from 'prettier'
import { configurationTables, withTables } from './configuration-page.ts'

const page = new URL('../../../../docs/configuration.md', import.meta.url)
const text = withTables(await readFile(page, 'utf8'), configurationTables())
await writeFile(page, await format(text, { ...(await resolveConfig(page)), parser: 'markdown' }))
