/** The documents say what the program does: every key, every command, every default that can be checked. */
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { checkAgainst } from './config/check.ts'
import { mergeDeep } from './config/merge.ts'
import { configSchema, studySchema } from './config/schema.ts'
import { HELP } from './help.ts'

const read = (name: string) => readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
const [configuration, cli] = await Promise.all([read('configuration.md'), read('cli.md')])

const inner = (schema: unknown): unknown =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
    ? inner(schema.unwrap())
    : schema

/** The objects among the alternatives of a schema. */
function objects(schema: unknown): z.ZodObject[] {
  const bare = inner(schema)
  if (bare instanceof z.ZodObject) return [bare]
  return bare instanceof z.ZodUnion ? bare.options.flatMap(objects) : []
}

const hasOwnSection = (path: string) => /(^|\.)(learningRate|weight|labelWeight|loss)$/.test(path)

function keysOf(schema: unknown, prefix = ''): string[] {
  return objects(schema).flatMap(({ shape }) =>
    Object.entries(shape).flatMap(([key, value]) => {
      const path = `${prefix}${key}`
      return [path, ...(hasOwnSection(path) ? [] : keysOf(value, `${path}.`))]
    }),
  )
}

const section = (from: string, to: string) =>
  configuration.slice(configuration.indexOf(from), configuration.indexOf(to))
const documented = (text: string) => [...text.matchAll(/^\| `([\w.]+)`/gm)].map(([, key]) => key)
const yamlBlocks = [...configuration.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block!)

describe('docs/configuration.md', () => {
  it('has every key of a configuration, and no other', () => {
    expect(documented(section('## All keys', '## Schedules')).sort()).toEqual(keysOf(configSchema).sort())
  })

  it('has every key of a schedule, and of a study', () => {
    const schedule = documented(section('## Schedules', '## The three'))
    expect(schedule.sort()).toEqual(keysOf(configSchema.shape.labelWeight).sort())
    const study = documented(configuration.slice(configuration.indexOf('## Studies')))
    expect(study.sort()).toEqual(Object.keys(studySchema.shape).sort())
  })

  it('shows configurations that are accepted', () => {
    const needed = { student: { network: 'resnet8' }, data: { directory: '.' } }
    const documents = yamlBlocks
      .filter((block) => !block.includes('arms:'))
      .flatMap((block) => parseAllDocuments(block))
    expect(documents.length).toBeGreaterThan(4)
    for (const document of documents) checkAgainst(configSchema, mergeDeep(needed, document.toJS()), 'example')
  })

  it('shows a study whose arms are accepted', () => {
    const study = checkAgainst(studySchema, parse(yamlBlocks.find((block) => block.includes('arms:'))!), 'study')
    expect(Object.keys(study.arms)).toContain(study.baseline)
    for (const arm of Object.values(study.arms)) checkAgainst(configSchema, mergeDeep(study.base, arm), 'arm')
  })
})

describe('docs/cli.md', () => {
  it.each(Object.entries(HELP))('shows what gpd %s --help prints', (_, help) => {
    expect(cli).toContain(`\`\`\`text\n${help}\`\`\``)
  })
})
