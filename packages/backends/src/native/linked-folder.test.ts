/** A binding is code: it is loaded only from where nobody else could have put or changed it. */
import { chmod, chown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { registerLinkedTensorflow } from '../adapters/linked-tensorflow.ts'
import { nativeFolders } from './folders.ts'
import { linkedFolder } from './linked-folder.ts'

let home: string
const at = (...path: string[]) => join(home, 'cache', 'native', ...path)

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(path, text, { mode: 0o600 })
}

const LOADER = `
globalThis.gpdRan = true
exports.version = 'TensorFlow 9.9'
exports.binding = '4.22.0'
exports.register = () => {}
`
const ran = () => (globalThis as { gpdRan?: boolean }).gpdRan === true

beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'gpd-trust-')))
  vi.stubEnv('GPD_CACHE', join(home, 'cache'))
  delete (globalThis as { gpdRan?: boolean }).gpdRan
  await write(at('links/one/load.cjs'), LOADER)
  await write(at('links/one/deep/er.cjs'), '')
  await write(at('current.json'), '{"folder":"links/one"}')
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true })
})

const refused = async (message: RegExp | string): Promise<void> => {
  await expect(registerLinkedTensorflow()).rejects.toThrow(message)
  expect(ran()).toBe(false)
}

it('is loaded if all of it is ours', async () => {
  expect(await registerLinkedTensorflow()).toEqual({ version: 'TensorFlow 9.9', binding: '4.22.0' })
  expect(ran()).toBe(true)
})

describe('a folder that leads out of the cache', () => {
  it.each([
    '../../outside',
    'links/../../outside',
    '/outside',
    'links/..',
    'links/.',
    'links',
    'links/one/../../x',
    'links\\one',
    'other/one',
    '',
  ])('is not used: %j', async (folder) => {
    await write(join(home, 'outside/load.cjs'), LOADER)
    await write(at('current.json'), JSON.stringify({ folder }))
    await refused(/is not used: .*current\.json names/)
  })

  it('is not used as a symbolic link', async () => {
    await write(join(home, 'outside/load.cjs'), LOADER)
    await symlink(join(home, 'outside'), at('links/two'))
    await write(at('current.json'), '{"folder":"links/two"}')
    await refused(/links\/two is a symbolic link/)
  })

  it('is not used if a file in it is a symbolic link', async () => {
    await rm(at('links/one/load.cjs'))
    await write(join(home, 'outside/load.cjs'), LOADER)
    await symlink(join(home, 'outside/load.cjs'), at('links/one/load.cjs'))
    await refused(/load\.cjs is a symbolic link/)
  })
})

describe.skipIf(process.platform === 'win32')('a binding that others may change', () => {
  it.each([
    ['the cache', [], 0o777],
    ['the cache, for a group', [], 0o770],
    ['the folder of links', ['links'], 0o777],
    ['the folder of links, in spite of the sticky bit', ['links'], 0o1777],
    ['the link', ['links/one'], 0o720],
    ['a folder in it', ['links/one/deep'], 0o702],
    ['the loader', ['links/one/load.cjs'], 0o666],
    ['the loader, for a group', ['links/one/load.cjs'], 0o620],
    ['a file deep in it', ['links/one/deep/er.cjs'], 0o602],
    ['the pointer', ['current.json'], 0o666],
    ['a folder above the cache', ['../..'], 0o777],
  ] as const)('is not run: %s', async (_, path, mode) => {
    await chmod(at(...path), mode)
    await refused(/others may write to .*chmod -R go-w/)
  })

  it('is run below a folder like /tmp, where others cannot replace it', async () => {
    await chmod(home, 0o1777)
    expect((await registerLinkedTensorflow()).version).toBe('TensorFlow 9.9')
  })
})

const isRoot = process.getuid?.() === 0
if (!isRoot) console.warn('skipped: files of another user can be made by root only')

describe.skipIf(!isRoot)('a binding of another user', () => {
  it.each([
    ['the cache', []],
    ['the link', ['links/one']],
    ['the loader', ['links/one/load.cjs']],
    ['a file deep in it', ['links/one/deep/er.cjs']],
    ['the pointer', ['current.json']],
    ['a folder above the cache', ['..']],
  ] as const)('is not run: %s', async (_, path) => {
    await chown(at(...path), 12_345, 12_345)
    await refused(/belongs to the user 12345/)
  })
})

it('is nothing where nothing is linked', async () => {
  await rm(at('current.json'))
  expect(linkedFolder(nativeFolders())).toBeUndefined()
})
