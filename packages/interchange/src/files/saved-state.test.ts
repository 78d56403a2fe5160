import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import * as tf from '@tensorflow/tfjs'
import { mapRecord, type TensorRecord } from '@gpdjs/core'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../safetensors/decode.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import type { Plain } from './exact-json.ts'
import { loadState, saveState } from './saved-state.ts'

const at = temporaryFolder()
beforeAll(async () => void (await tf.setBackend('cpu')))

let before: number
beforeEach(() => {
  before = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(before))

/** Saves, loads and frees; what came back as shapes, types and bytes. */
async function through(records: Readonly<Record<string, TensorRecord>>, state: Plain = {}) {
  await saveState(at('state'), records, state)
  const loaded = await loadState(at('state'))
  const seen = mapRecord(loaded.records, (record) => mapRecord(record, described))
  for (const record of Object.values(loaded.records)) tf.dispose(record)
  return { records: seen, state: loaded.state }
}

const described = (tensor: tf.Tensor) => {
  const data = tensor.dataSync()
  return { dtype: tensor.dtype, shape: tensor.shape, bytes: [...new Uint8Array(data.slice().buffer)] }
}

describe('saveState and loadState', () => {
  it('bring tensors of every type back, bit for bit, in their records', async () => {
    const records = {
      student: { w: tf.tensor([NaN, -0, Infinity, 1e-45, 0.1], [5, 1]), b: tf.scalar(3) },
      slots: { 'student/w momentum': tf.zeros([0, 3]), count: tf.scalar(2 ** 31 - 1, 'int32') },
      masks: { kept: tf.tensor([true, false, true], [3], 'bool') },
      empty: {},
    }
    const given = mapRecord(records, (record) => mapRecord(record as TensorRecord, described))
    expect((await through(records)).records).toEqual(given)
    tf.dispose(records)
  })

  it.each<[string, Plain]>([
    ['numbers that JSON has not', { best: -Infinity, loss: NaN, high: [Infinity, -0, 0], tiny: 5e-324 }],
    ['what JSON has', { a: [1, 'x', null, true, { b: [] }], 'ключ 🔑': '\u2028"' }],
    ['a value alone', -0],
    ['names that objects inherit', JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as Plain],
  ])('bring %s back', async (_, state) => {
    const loaded = (await through({}, state)).state
    expect(loaded).toEqual(state)
    expect(Object.is(loaded, -0)).toBe(Object.is(state, -0))
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it.each([
    ['a function', { f: () => 1 }, /state\.f: .*got function/],
    ['a tensor', { a: [0, new Map()] }, /state\.a\[1\]: .*got a Map/],
    ['a big integer', { n: 1n }, /got bigint/],
    ['the key of numbers', { $number: 'NaN' }, /\$number/],
  ])('refuse %s, naming its place', async (_, state, message) => {
    await expect(saveState(at('state'), {}, state as unknown as Plain)).rejects.toThrow(message)
    expect(await readdir(at())).toEqual([])
  })

  it('refuse strings as tensors', async () => {
    const record = { names: tf.tensor(['a']) }
    await expect(saveState(at('state'), { record })).rejects.toMatchObject({ code: 'checkpoint.incompatible' })
    tf.dispose(record)
  })

  it('take any name for a record, and files of plain names', async () => {
    const names = ['student', 'a/b', '../up', 'A', 'a', 'vid(student, static-teacher)', '__proto__', 'x'.repeat(300)]
    const records = Object.fromEntries(names.map((name, i) => [name, { w: tf.scalar(i) }]))
    const loaded = (await through(records)).records
    expect(Object.keys(loaded)).toEqual(names)
    names.forEach((name, i) =>
      expect(loaded[name]!['w']!.bytes).toEqual([...new Uint8Array(Float32Array.of(i).buffer)]),
    )
    const files = await readdir(at('state'))
    expect(files).toContain('student.safetensors')
    expect(files.map((file) => file.toLowerCase()).length).toBe(new Set(files.map((file) => file.toLowerCase())).size)
    expect(await readdir(at())).toEqual(['state'])
    tf.dispose(Object.values(records))
  })

  it('save the values at the time of the call', async () => {
    const w = tf.variable(tf.scalar(1))
    const saving = saveState(at('state'), { a: { w }, b: { w } })
    w.assign(tf.scalar(2))
    w.dispose()
    await saving
    const { tensors } = decodeSafetensors(await readFile(at('state', 'b.safetensors')), { source: 'b' })
    expect([...(tensors.get('w')!.data as Float32Array)]).toEqual([1])
    before = tf.memory().numTensors // constants of the test
  })

  it('leave the files of others, and do not replace a manifest that is not of a state', async () => {
    await mkdir(at('app'))
    await writeFile(at('app', 'manifest.json'), '{"short_name": "App"}')
    await expect(saveState(at('app'), {})).rejects.toMatchObject({ code: 'output.unwritable' })
    expect(await readFile(at('app', 'manifest.json'), 'utf8')).toBe('{"short_name": "App"}')
  })

  it('refuse damage in any file, naming it, and make no tensor', async () => {
    const w = tf.scalar(1)
    await saveState(at('state'), { a: { w }, b: { w } }, { step: 1 })
    w.dispose()
    for (const name of await readdir(at('state'))) {
      const bytes = await readFile(at('state', name))
      for (const bit of [0, 3, 8 * bytes.length - 1, 4 * bytes.length]) {
        const flipped = Uint8Array.from(bytes)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        await writeFile(at('state', name), flipped)
        await expect(loadState(at('state'))).rejects.toMatchObject({
          code: 'checkpoint.corrupt',
          message: expect.stringContaining(name) as string,
        })
      }
      await rm(at('state', name))
      await expect(loadState(at('state'))).rejects.toMatchObject({ code: 'checkpoint.missing' })
      await writeFile(at('state', name), bytes)
    }
  })

  it('refuse a later version, naming both, and a manifest without digests', async () => {
    const later = { format: 'gpd-state', version: 2, records: [] }
    await mkdir(at('later'))
    await writeFile(at('later', 'manifest.json'), JSON.stringify(later))
    await expect(loadState(at('later'))).rejects.toThrow(/version 1 of the format or an earlier one, got 2/)
    await writeFile(at('later', 'manifest.json'), JSON.stringify({ ...later, version: 1 }))
    await expect(loadState(at('later'))).rejects.toMatchObject({ code: 'checkpoint.corrupt' })
  })
})
