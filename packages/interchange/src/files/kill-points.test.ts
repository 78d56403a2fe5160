/** Every call that storing a folder makes to the disk is once the last one that a process makes. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../safetensors/decode.ts'
import { toLayersModel } from '../layers-model/to-layers-model.ts'
import { dieBefore, interceptFiles } from '../testing/intercepted-files.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { drawn, tinyNetwork } from '../testing/tiny-network.ts'
import { listCheckpoints } from './checkpoint-folders.ts'
import { loadCheckpoint, saveCheckpoint } from './checkpoints.ts'
import { layersModelFolder } from './layers-model-folder.ts'
import { loadHeads, saveHeads } from './saved-heads.ts'
import { loadState, saveState } from './saved-state.ts'
import { loadNetwork, saveNetwork } from './saved-network.ts'

const at = temporaryFolder()
beforeAll(async () => void (await tf.setBackend('cpu')))

interface Kind {
  readonly save: (folder: string, width: number) => Promise<unknown>
  /** The width that was saved, told by each of the files. */
  readonly load: (folder: string) => Promise<readonly number[]>
}

/** Bytes of the weights, by the width. */
const BYTES = [0, 1, 2, 3, 4].map((width) => 4 * (9 * width + 9 * width ** 2 + 8 * width + 3 * width + 3))

const networkOf = (width: number) => drawn(tinyNetwork({ width }), width)

const KINDS: Readonly<Record<string, Kind>> = {
  saveNetwork: {
    save: (folder, width) => saveNetwork(folder, networkOf(width), { width: `${width}` }),
    async load(folder) {
      const { network, metadata } = await loadNetwork(folder)
      return [Number(metadata['width']), network.parameters[0]!.shape[3]!]
    },
  },
  saveState: {
    save: (folder, width) =>
      saveState(folder, { a: { w: tf.ones([width]) }, b: { w: tf.ones([width, 2]) } }, { width }),
    async load(folder) {
      const { records, state } = await loadState(folder)
      const { width } = state as { width: number }
      return [width, ...Object.values(records).map((record) => record['w']!.shape[0]!)]
    },
  },
  saveHeads: {
    save: (folder, width) => saveHeads(folder, { vid: { weight: tf.ones([width]) } }),
    load: async (folder) => [(await loadHeads(folder))['vid']!['weight']!.shape[0]!],
  },
  layersModelFolder: {
    async save(folder, width) {
      const model = toLayersModel(networkOf(width))
      await model.save(layersModelFolder(folder)).finally(() => model.dispose())
    },
    async load(folder) {
      const { modelTopology, weightData } = await layersModelFolder(folder).load!()
      const width = /"filters":(\d+)/.exec(JSON.stringify(modelTopology))![1]
      return [Number(width), BYTES.indexOf((weightData as ArrayBuffer).byteLength)]
    },
  },
}

const leftIn = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('.'))
const NOTHING = 0

/** What is there; every file of numbers by itself is whole too, for those who read it without this package. */
async function stateOf({ load }: Kind, folder: string): Promise<number> {
  for (const name of (await readdir(folder).catch(() => [])).filter((found) => found.endsWith('.safetensors')))
    decodeSafetensors(await readFile(join(folder, name)), { source: name })
  try {
    const widths = new Set(await load(folder))
    expect(widths.size).toBe(1)
    return [...widths][0]!
  } catch (error) {
    expect(error).toMatchObject({ code: 'checkpoint.missing' })
    return NOTHING
  }
}

/** For each call: dies before it, looks at what is there, and saves again. */
async function statesAfterDeath(kind: Kind, prepare: (folder: string) => Promise<unknown>): Promise<number[]> {
  const states: number[] = []
  for (let last = 0; ; last++) {
    const folder = at(`${last}`, 'saved')
    await mkdir(dirname(folder))
    await prepare(folder)
    const { died } = await dieBefore(last, () => kind.save(folder, 3))
    states.push(await stateOf(kind, folder))
    await kind.save(folder, 4)
    expect(await stateOf(kind, folder)).toBe(4)
    expect([...(await leftIn(folder)), ...(await leftIn(dirname(folder)))]).toEqual([])
    if (!died) return states
  }
}

const changes = (states: readonly number[]) => states.filter((state, i) => state !== states[i - 1])

describe.each(Object.entries(KINDS))('a process that dies in %s', (_, kind) => {
  it('leaves the old one, from one call on the new one; never a mix, never nothing', async () => {
    const states = await statesAfterDeath(kind, (folder) => kind.save(folder, 2))
    expect(changes(states)).toEqual([2, 3])
    expect(states.length).toBeGreaterThan(40)
  })
})

describe('a process that dies in saveNetwork', () => {
  const kind = KINDS['saveNetwork']!

  it('leaves nothing or all where nothing was', async () => {
    expect(changes(await statesAfterDeath(kind, () => Promise.resolve()))).toEqual([NOTHING, 3])
  })

  it('leaves the files of others alone', async () => {
    const others = { 'notes.txt': 'mine', 'src.ts': 'code' }
    const states = await statesAfterDeath(kind, async (folder) => {
      await mkdir(folder)
      for (const [name, text] of Object.entries(others)) await writeFile(join(folder, name), text)
    })
    expect(changes(states)).toEqual([NOTHING, 3])
    for (const last of states.keys())
      for (const [name, text] of Object.entries(others))
        expect(await readFile(at(`${last}`, 'saved', name), 'utf8')).toBe(text)
  })
})

describe('a process that dies in saveCheckpoint', () => {
  const save = (step: number) =>
    saveCheckpoint(at('run'), step, { a: { w: tf.fill([3], step) }, b: { w: tf.fill([2], step) } }, step)
  const newest = async () => {
    const { step, state, records } = await loadCheckpoint(at('run'))
    expect(new Set([step, state, ...Object.values(records).flatMap(({ w }) => [...w!.dataSync()])]).size).toBe(1)
    return step
  }

  it('leaves two whole ones at every call', async () => {
    await save(1)
    await save(2)
    const found: number[] = []
    for (let last = 0, step = 3; ; last++) {
      const { died } = await dieBefore(last, () => save(step))
      const now = await newest()
      expect([step - 1, step]).toContain(now)
      found.push(now - step + 1)
      const left = await listCheckpoints(at('run'))
      expect(left.length).toBeGreaterThanOrEqual(2)
      for (const checkpoint of left) await loadCheckpoint(at('run'), { step: checkpoint.step })
      expect(await leftIn(at('run'))).toEqual([])
      if (!died) break
      step = now + 1
    }
    expect(changes(found)).toEqual([0, 1])
    expect(found.length).toBeGreaterThan(30)
  })
})

/** A disk that is full, or breaks, at one call and works again after it. */
describe('a call that fails in saveNetwork', () => {
  const kind = KINDS['saveNetwork']!
  it.each(['ENOSPC', 'EIO'])(
    'with %s leaves the old or the new one, says so, and leaves nothing half',
    async (code) => {
      const states: number[] = []
      for (let last = 0; ; last++) {
        const folder = at(`${last}`, 'saved')
        await mkdir(dirname(folder))
        await kind.save(folder, 2)
        let calls = 0
        const restore = interceptFiles(() => {
          if (calls++ === last) throw Object.assign(new Error(`${code}: injected`), { code })
        })
        const failure = await kind.save(folder, 3).then(() => undefined, (error: unknown) => error).finally(restore) // prettier-ignore
        const state = await stateOf(kind, folder)
        if (failure === undefined) expect(state).toBe(3)
        else expect(failure).toMatchObject({ code: 'output.unwritable' })
        states.push(state)
        expect(await leftIn(dirname(folder))).toEqual([])
        await kind.save(folder, 4)
        expect(await stateOf(kind, folder)).toBe(4)
        if (calls <= last) break
      }
      expect(new Set(states)).toEqual(new Set([2, 3]))
    },
  )
})
