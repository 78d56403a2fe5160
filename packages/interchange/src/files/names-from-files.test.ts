/** Records are made from names that a file chooses. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import * as tf from '@tensorflow/tfjs'
import { apply, graph, networkDefinition, parseNetwork, relu } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../safetensors/decode.ts'
import { encodeSafetensors } from '../safetensors/encode.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { drawn, tinyNetwork } from '../testing/tiny-network.ts'
import { loadHeads, saveHeads } from './saved-heads.ts'
import { loadNetwork, saveNetwork } from './saved-network.ts'

const at = temporaryFolder()
beforeAll(async () => void (await tf.setBackend('cpu')))

const INHERITED = ['constructor', 'toString', 'hasOwnProperty', 'valueOf']
const isClean = () => {
  expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(12)
  expect(Object.keys(Object)).toEqual([])
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
}

describe('names in a file of heads', () => {
  it.each(['__proto__', ...INHERITED])('may be %s, and are entries like any other', async (term) => {
    const tensor = { shape: [2], data: Float32Array.of(1, 2) }
    await mkdir(at('heads'))
    const bytes = encodeSafetensors({ [`${term}/keys`]: tensor, [`vid/${term}`]: tensor, [`${term}/x`]: tensor })
    await writeFile(at('heads', 'heads.safetensors'), bytes)
    const heads = await loadHeads(at('heads'))
    isClean()
    expect(Object.keys(heads).sort()).toEqual([term, 'vid'].sort())
    expect(Object.keys(heads[term]!).sort()).toEqual(['keys', 'x'])
    expect([...heads['vid']![term]!.dataSync()]).toEqual([1, 2])
    await saveHeads(at('again'), heads)
    expect(await readFile(at('again', 'heads.safetensors'))).toEqual(Buffer.from(bytes))
  })

  it('may not be __proto__ alone', () => {
    const tensor = { shape: [0], data: new Float32Array() }
    const entries = { ['__proto__']: tensor } as Record<string, typeof tensor>
    expect(() => encodeSafetensors(entries)).toThrow(/expected names that are free to use/)
    const header = '{"__proto__":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
    const file = Buffer.concat([Buffer.alloc(8), Buffer.from(header)])
    file.writeBigUInt64LE(BigInt(header.length))
    expect(() => decodeSafetensors(file, { source: 'x' })).toThrow(/expected keys that name tensors/)
  })
})

describe('names in a network', () => {
  const definition = () => JSON.stringify(networkDefinition(tinyNetwork()))
  const parse = (text: string) => parseNetwork(JSON.parse(text), 'network.json')

  it.each([
    ['a node', (text: string) => text.replaceAll('"relu1"', '"__proto__"')],
    ['an input', (text: string) => text.replaceAll('"image"', '"__proto__"')],
    ['an output', (text: string) => text.replace('"logits"', '"__proto__"')],
    ['a tap', (text: string) => text.replace('"taps":{', '"taps":{"__proto__":"fc"')],
  ])('%s may not be __proto__', (_, change) => {
    expect(() => parse(change(definition()))).toThrow(/nothing may be called '__proto__'/)
    isClean()
  })

  it.each(INHERITED)('a tap called %s is one like any other, and none where there is none', (name) => {
    const g = graph({ name: 'one', inputShape: [2, 2, 1] })
    g.tap(name, g.add('op', relu(), 'image'))
    const network = parse(JSON.stringify(networkDefinition(g.build('op'))))
    const x = tf.ones([1, 2, 2, 1])
    const run = (taps: readonly string[]) =>
      apply({ network, parameters: {}, statistics: {} }, x, { training: false, taps: [...taps] })
    expect(run([name]).taps[name]!.shape).toEqual([1, 2, 2, 1])
    expect(() => run(['isPrototypeOf'])).toThrow(/isPrototypeOf/)
  })

  it('are refused in a saved network too; metadata may have any other name', async () => {
    await saveNetwork(at('student'), drawn(tinyNetwork(), 1), { constructor: 'a', toString: 'b' } as never)
    expect({ ...(await loadNetwork(at('student'))).metadata }).toEqual({ constructor: 'a', toString: 'b' })
    await writeFile(at('student', 'network.json'), definition().replace('"taps":{', '"taps":{"__proto__":"fc"'))
    await expect(loadNetwork(at('student'))).rejects.toMatchObject({ code: 'network.invalid' })
  })
})
