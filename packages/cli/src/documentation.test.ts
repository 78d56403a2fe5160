/** The documents describe the program as it is: every key, every command, every default that can be checked. */
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { format, resolveConfig } from 'prettier'
import { parse, parseAllDocuments } from 'yaml'
import { checkConfig, checkStudy } from './config/check.ts'
import { mergeDeep } from './config/merge.ts'
import { HELP } from './help.ts'
import { configurationTables, withTables } from './testing/configuration-page.ts'

const read = (name: string) => readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
const [configuration, cli] = await Promise.all([read('configuration.md'), read('cli.md')])

const yamlBlocks = [...configuration.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block!)

describe('docs/configuration.md', () => {
  it('has the tables that the declarations of the options make', { timeout: 120_000 }, async () => {
    const page = new URL('../../../docs/configuration.md', import.meta.url)
    const text = withTables(configuration, configurationTables())
    const current = await format(text, { ...(await resolveConfig(page)), parser: 'markdown' })
    expect(configuration, 'run npm run docs:configuration').toBe(current)
  })

  it('shows configurations that are accepted', () => {
    const needed = { student: { network: 'resnet8' }, data: { directory: '.' } }
    const documents = yamlBlocks
      .filter((block) => !block.includes('arms:'))
      .flatMap((block) => parseAllDocuments(block))
    expect(documents.length).toBeGreaterThan(4)
    for (const document of documents) checkConfig(mergeDeep(needed, document.toJS()), 'example')
  })

  it('shows a study whose arms are accepted', () => {
    const study = checkStudy(parse(yamlBlocks.find((block) => block.includes('arms:'))!), 'study')
    expect(Object.keys(study.arms)).toContain(study.baseline)
    for (const arm of Object.values(study.arms)) checkConfig(mergeDeep(study.base, arm), 'arm')
  })
})

describe('docs/cli.md', () => {
  it.each(Object.entries(HELP))('shows what gpd %s --help prints', (_, help) => {
    expect(cli).toContain(`\`\`\`text\n${help}\`\`\``)
  })
})
