import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/tiny-images.ts'
import { loadFile } from './load.ts'

const folder = await temporaryFolder()

async function load(name: string, text: string): Promise<unknown> {
  await writeFile(join(folder, name), text)
  return (await loadFile(join(folder, name))).value
}

describe('a configuration file', () => {
  it.each([
    ['a.json', '{ "student": { "network": "resnet8" }, "epochs": 3 }'],
    ['a.yaml', 'student: { network: resnet8 }\nepochs: 3\n'],
    ['a.yml', 'base: &b { network: resnet8 }\nstudent: *b\nepochs: 3\n'],
    ['a.mjs', 'export default { student: { network: "resnet8" }, epochs: 3 }'],
    ['a.ts', 'const epochs: number = 3\nexport default { student: { network: "resnet8" }, epochs }'],
    [
      'b.ts',
      'import { defineConfig } from "@gpdjs/cli"\nexport default defineConfig({ student: { network: "resnet8" }, epochs: 3 } as never)',
    ],
  ])('%s is read', async (name, text) => {
    expect(await load(name, text)).toMatchObject({ student: { network: 'resnet8' }, epochs: 3 })
  })

  it('tells where its relative paths start', async () => {
    await mkdir(join(folder, 'deep'))
    await writeFile(join(folder, 'deep/c.json'), '{}')
    expect(await loadFile(join(folder, 'deep/c.json'))).toEqual({ value: {}, folder: join(folder, 'deep') })
  })

  const bomb = `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`).join('\n')}`

  it.each([
    ['bomb.yaml', bomb, /bomb\.yaml: Excessive alias count/],
    ['twice.yaml', 'epochs: 1\nepochs: 2\n', /twice\.yaml: Map keys must be unique/],
    ['proto.yaml', '__proto__: { epochs: 1 }\n', /proto\.yaml: '__proto__' is not allowed as a key/],
    [
      'proto.json',
      '{ "student": { "__proto__": { "network": "x" } } }',
      /proto\.json: '__proto__' is not allowed as a key/,
    ],
    ['constructor.json', '{ "constructor": {} }', /'constructor' is not allowed as a key/],
    ['twice.json', '{ "epochs": 1, "data": {}, "\\u0065pochs": 2 }', /twice\.json: the key 'epochs' twice/],
    ['deep.json', `${'['.repeat(100)}${']'.repeat(100)}`, /deep\.json: nested more than 50 deep/],
    ['nested.yaml', `${'['.repeat(100)}${']'.repeat(100)}`, /nested\.yaml: nested more than 50 deep/],
    ['deeper.json', `${'['.repeat(5000)}${']'.repeat(5000)}`, /deeper\.json: more than 200 objects and lists/],
    ['torn.json', '{ "epochs": ', /torn\.json: .*JSON/],
    ['wrong.ts', 'export default {', /wrong\.ts: /],
    ['throws.ts', 'throw new Error("no such thing")', /throws\.ts: no such thing\./],
    ['config.toml', 'epochs = 3', /config\.toml: expected a file ending in \.json, \.yaml/],
  ])('%s is refused', async (name, text, message) => {
    await expect(load(name, text)).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(message),
    })
  })

  it.each(['missing.json', '.'])('that cannot be read is refused: %s', async (name) => {
    const path = name === '.' ? join(folder, 'deep.yaml') : join(folder, name)
    if (name === '.') await mkdir(path)
    await expect(loadFile(path)).rejects.toMatchObject({ code: 'config.missing' })
  })
})
