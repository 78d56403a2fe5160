/** What is written where: the files of others stay, and every way to name a folder works. */
import { mkdir, readdir, readFile, readlink, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { join, normalize } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { toLayersModel } from '../layers-model/to-layers-model.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { drawn, tinyNetwork } from '../testing/tiny-network.ts'
import { writeFolder } from './atomic-folder.ts'
import { layersModelFolder } from './layers-model-folder.ts'
import { ownName } from './owned-names.ts'
import { loadHeads, saveHeads } from './saved-heads.ts'
import { loadNetwork, saveNetwork } from './saved-network.ts'

const at = temporaryFolder()
const cwd = process.cwd()
beforeAll(async () => void (await tf.setBackend('cpu')))
afterEach(() => process.chdir(cwd))

const trained = drawn(tinyNetwork(), 1)
const heads = { vid: { weight: tf.ones([2]) } }
const save = (folder: string) => saveNetwork(folder, trained)
const isSaved = async (folder: string) => (await loadNetwork(folder)).network.name === 'tiny'

const WRITERS: Readonly<Record<string, (folder: string) => Promise<unknown>>> = {
  saveNetwork: save,
  saveHeads: (folder) => saveHeads(folder, heads),
  layersModelFolder: (folder) => toLayersModel(trained).save(layersModelFolder(folder)),
  writeFolder: (folder) => writeFolder(folder, { 'model.onnx': new Uint8Array(9), 'labels.txt': 'cat' }),
}

describe.each(Object.entries(WRITERS))('%s', (_, write) => {
  it('leaves the files of others as they are', async () => {
    await mkdir(at('project', 'src'), { recursive: true })
    const others = ['package.json', 'src/main.ts', '.env', 'heads.safetensors.bak']
    for (const name of others) await writeFile(at('project', name), `mine: ${name}`)
    for (let time = 0; time < 2; time++) await write(at('project'))
    for (const name of others) expect(await readFile(at('project', name), 'utf8')).toBe(`mine: ${name}`)
    const left = (await readdir(at('project'))).filter((name) => name.startsWith('.gpd'))
    expect(left).toEqual([])
  })

  it('writes into the working directory', async () => {
    await mkdir(at('here'))
    await writeFile(at('here', 'mine'), '')
    process.chdir(at('here'))
    await write('.')
    await write('./')
    expect((await readdir(at('here'))).length).toBeGreaterThanOrEqual(3)
    expect(await readdir(at())).toEqual(['here'])
  })

  it('does not touch a file where a folder should be', async () => {
    await writeFile(at('thesis'), 'mine')
    await expect(write(at('thesis'))).rejects.toMatchObject({ code: 'output.unwritable' })
    await expect(write(at('thesis', 'a', 'b'))).rejects.toMatchObject({ code: 'output.unwritable' })
    expect(await readFile(at('thesis'), 'utf8')).toBe('mine')
    expect(await readdir(at())).toEqual(['thesis'])
  })

  it.each(['/dev/null/x', '/proc/gpd/x'])('says that nothing can be written to %s', async (path) => {
    await expect(write(path)).rejects.toMatchObject({ code: 'output.unwritable' })
  })

  it.each([[''], [undefined]])('refuses %o as a path', async (path) => {
    await expect(write(path as string)).rejects.toMatchObject({ code: 'config.invalid' })
  })
})

describe('a path', () => {
  it.each([
    ['relative', 'student'],
    ['with a slash at the end', 'runs/1/'],
    ['with slashes at the end', 'runs/1///'],
    ['with ..', 'a/../b'],
    ['with .', './runs/./2'],
    ['with spaces and Unicode', 'läufe/学生 🎓/with space'],
    ['with 255 bytes', 'x'.repeat(255)],
    ['with 255 bytes in Unicode', 'é'.repeat(127)],
    ['with % and quotes', `100% "sure" 'yes'`],
  ])('%s works, twice', async (_, path) => {
    process.chdir(at())
    for (let time = 0; time < 2; time++) {
      await save(path)
      expect(await isSaved(path)).toBe(true)
      expect(await readdir(normalize(path))).toEqual(['network.json', 'weights.safetensors'])
    }
    expect((await readdir('.')).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('that leads through a link to a folder is written through, and the link stays one', async () => {
    await mkdir(at('disk'))
    await symlink('disk', at('latest'))
    await save(at('latest'))
    await save(at('latest', 'deeper'))
    expect(await readlink(at('latest'))).toBe('disk')
    expect([await isSaved(at('disk')), await isSaved(at('disk', 'deeper'))]).toEqual([true, true])
  })

  it('that is a link to nothing makes what it leads to', async () => {
    await symlink('later/on', at('link'))
    await save(at('link'))
    expect(await readlink(at('link'))).toBe('later/on')
    expect(await isSaved(at('later/on'))).toBe(true)
  })

  it('that is a link to itself is refused', async () => {
    await symlink('loop', at('loop'))
    await expect(save(at('loop'))).rejects.toMatchObject({ code: 'output.unwritable' })
  })

  it('whose file is a link, to another disk too, is written through', async () => {
    await save(at('student'))
    for (const place of [at('elsewhere.safetensors'), `/dev/shm/gpd-test-${process.pid}.safetensors`]) {
      await writeFile(place, '')
      const weights = at('student', 'weights.safetensors')
      await rm(weights)
      await symlink(place, weights)
      await save(at('student'))
      expect(await readlink(weights)).toBe(place)
      expect((await stat(place)).size).toBeGreaterThan(100)
      expect(await isSaved(at('student'))).toBe(true)
      await rm(place)
      await expect(isSaved(at('student'))).rejects.toMatchObject({ code: 'checkpoint.missing' })
    }
  })
})

describe('a file of the same name', () => {
  it.each([
    ['network.json', '{"subnet": "10.0.0.0/8"}', save],
    ['network.json', '[1, 2]', save],
    ['weights.safetensors', 'from PyTorch', save],
    ['model.json', '{"format": "graph-model", "modelTopology": {}}', WRITERS['layersModelFolder']!],
    ['weights.bin', 'firmware', WRITERS['layersModelFolder']!],
    ['heads.json', '{"heads": 2}', WRITERS['saveHeads']!],
  ])('%s that is %s is not replaced', async (name, text, write) => {
    await mkdir(at('mine'))
    await writeFile(at('mine', name), text)
    await expect(write(at('mine'))).rejects.toMatchObject({ code: 'output.unwritable' })
    expect(await readdir(at('mine'))).toEqual([name])
    expect(await readFile(at('mine', name), 'utf8')).toBe(text)
  })

  it.each(['', '{"name": "ti', '\0'])('network.json that was cut off (%j) is replaced', async (text) => {
    await save(at('student'))
    await writeFile(at('student', 'network.json'), text)
    await save(at('student'))
    expect(await isSaved(at('student'))).toBe(true)
  })

  it('that is a folder is left, and so is the network beside it', async () => {
    await mkdir(at('mine', 'network.json'), { recursive: true })
    await expect(save(at('mine'))).rejects.toMatchObject({ code: 'output.unwritable' })
    expect(await readdir(at('mine'))).toEqual(['network.json'])
  })
})

describe('saveHeads', () => {
  it('into the folder of a run leaves the run', async () => {
    await save(at('runs/1/student'))
    await writeFile(at('runs/1/result.json'), '{}')
    await saveHeads(at('runs/1'), heads)
    expect(await isSaved(at('runs/1/student'))).toBe(true)
    expect((await readdir(at('runs/1'))).sort()).toEqual(['heads.json', 'heads.safetensors', 'result.json', 'student'])
  })

  it('beside a network in one folder leaves the network, and the other way round', async () => {
    await save(at('both'))
    await saveHeads(at('both'), heads)
    await save(at('both'))
    expect(await isSaved(at('both'))).toBe(true)
    expect(Object.keys(await loadHeads(at('both')))).toEqual(['vid'])
  })
})

describe('writeFolder', () => {
  it.each(['../x', 'a/b', '/etc/x', '.', '..', 'a\\b', '', '.gpd-new-1'])('refuses %j as a name', async (name) => {
    await expect(writeFolder(at('x'), { [name]: '' })).rejects.toMatchObject({ code: 'config.invalid' })
    expect(await readdir(at())).toEqual([])
  })
})

describe('leftovers', () => {
  const ended = spawnSync(process.execPath, ['-e', '']).pid
  const named = async (pid: number) => (await ownName('new')).replace(`-${process.pid}-`, `-${pid}-`)

  it('of dead processes are removed, those of living ones and whatever is named otherwise stay', async () => {
    await save(at('student'))
    const [dead, living] = [await named(ended), await ownName('new')]
    const foreign = ['.gpd-new-mine', '.gpd-cache', 'student.tmp-1', '.gpd-new-12345678-1-1-abc']
    for (const name of [dead, living, ...foreign]) {
      for (const folder of [at(name), at('student', name)]) await mkdir(folder)
      await writeFile(at(name, 'half'), '')
    }
    await save(at('student'))
    await save(at('other'))
    expect((await readdir(at())).sort()).toEqual([living, ...foreign, 'student', 'other'].sort())
    expect((await readdir(at('student'))).sort()).toEqual(
      [living, ...foreign, 'network.json', 'weights.safetensors'].sort(),
    )
  })

  it('of a process with the number of this one, as in a container, are those of a dead one', async () => {
    await save(at('student'))
    const recycled = async (kind: 'new' | 'lock') => (await ownName(kind)).replace(/-\d+-(\w+)$/, '-17-$1')
    await mkdir(at('student', await recycled('new')))
    await writeFile(at('student', await recycled('lock')), '')
    await save(at('student'))
    expect(await readdir(at('student'))).toEqual(['network.json', 'weights.safetensors'])
  })

  it('of another machine stay for a day; its lock holds for half a minute', async () => {
    await save(at('student'))
    const elsewhere = async (kind: 'new' | 'lock') => (await ownName(kind)).replace(/-[0-9a-f]{8}-/, '-00000000-')
    const [young, old, lock] = [await elsewhere('new'), await elsewhere('new'), await elsewhere('lock')]
    for (const name of [young, old]) await mkdir(at('student', name))
    await writeFile(at('student', lock), '')
    const ago = (seconds: number) => new Date(Date.now() - 1000 * seconds)
    await utimes(at('student', old), ago(90_000), ago(90_000))
    await utimes(at('student', lock), ago(40), ago(40))
    await save(at('student'))
    expect((await readdir(at('student'))).sort()).toEqual([young, 'network.json', 'weights.safetensors'])
  })
})

describe('saves at once', () => {
  const widthOf = async (folder: string) => (await loadNetwork(folder)).network.parameters[0]!.shape[3]
  it.each(['new', 'old'])('of one path, that is %s: the last that said it was done is there', async (state) => {
    if (state === 'old') await save(at('student'))
    const done: number[] = []
    const widths = [3, 4, 5, 6, 7, 8]
    const paths = [at('student'), join(at(), 'student/'), at('x/../student')]
    await Promise.all(
      widths.map(async (width, i) => {
        await saveNetwork(paths[i % 3]!, drawn(tinyNetwork({ width }), 1))
        done.push(width)
      }),
    )
    expect(await widthOf(at('student'))).toBe(done.at(-1))
    expect(await readdir(at())).toEqual(['student'])
  })

  it('one that fails does not stop the next', async () => {
    await mkdir(at('student', 'network.json'), { recursive: true })
    const failed = save(at('student'))
    const next = writeFolder(at('student'), { a: 'x' })
    await expect(failed).rejects.toMatchObject({ code: 'output.unwritable' })
    await next
    expect(await readFile(at('student', 'a'), 'utf8')).toBe('x')
  })
})
